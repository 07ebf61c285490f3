# One task at one size by lme4 or ordinal, timed inside R; see worker.py.
arrived <- proc.time()[3]
suppressPackageStartupMessages({ library(lme4); if (commandArgs(TRUE)[3] == "ordinal") library(ordinal) })
arg <- commandArgs(TRUE)
folder <- arg[1]; formula <- as.formula(arg[2]); kind <- arg[3]; nodes <- as.integer(arg[4])
replicates <- as.integer(arg[5])
columns <- sub(".bin", "", list.files(folder, "[.]bin$"), fixed = TRUE)
read <- function(name) {
  path <- file.path(folder, paste0(name, ".bin"))
  readBin(path, "double", file.size(path) / 8)
}
d <- as.data.frame(setNames(lapply(columns, read), columns))
if (!is.null(d$programme)) d$arm <- factor(d$programme, 0:1, c("usual", "programme"))
for (name in intersect(c("family", "group", "council", "facilitator", "s", "d", "dept", "Subject"), columns))
  d[[name]] <- factor(d[[name]])
if (kind == "ordinal") d$rating <- factor(d$rating, ordered = TRUE)
peak <- function() as.numeric(gsub("\\D", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
held <- if (kind == "boot") lmer(formula, d) else NULL
fit <- function() switch(kind,
  linear = , first = { m <- lmer(formula, d); vcov(m); REMLcrit(m) },
  binary = { m <- glmer(formula, d, binomial, nAGQ = nodes); vcov(m); c(-2 * logLik(m)) },
  ordinal = { m <- clmm(formula, data = d, nAGQ = nodes); vcov(m); c(-2 * logLik(m)) },
  boot = { bootMer(held, fixef, nsim = replicates, seed = 1); REMLcrit(held) })
gc(FALSE)
try(writeLines("5", "/proc/self/clear_refs"), silent = TRUE)
before <- peak()
seconds <- numeric(0)
for (k in 1:(if (kind == "first") 1 else 4)) {
  begin <- if (kind == "first") arrived else proc.time()[3]
  deviance <- suppressWarnings(suppressMessages(fit()))
  seconds <- c(seconds, proc.time()[3] - begin)
  if (seconds[k] > 20) break
}
if (length(seconds) > 1) seconds <- seconds[-1]
cat(sprintf('{"seconds": [%s], "memory": %.1f, "check": %.10g}\n',
            paste(sprintf("%.4f", seconds), collapse = ", "), peak() - before, deviance))
