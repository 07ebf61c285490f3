# One task at one size by R, timed inside R; see worker.py.
arg <- commandArgs(TRUE)
folder <- arg[1]; m <- as.integer(arg[4]); burn <- as.integer(arg[5]); thin <- as.integer(arg[6])
if (arg[3] != "impute") {
  cat('{"reason": "no discrete-time joint model"}\n'); quit()
}
suppressPackageStartupMessages(library(jomo))
columns <- sub(".bin", "", list.files(folder, "[.]bin$"), fixed = TRUE)
read <- function(name) {
  path <- file.path(folder, paste0(name, ".bin"))
  readBin(path, "double", file.size(path) / 8)
}
d <- as.data.frame(setNames(lapply(columns, read), columns))
d$score[d$state != 0] <- NA
d <- d[order(d$episode_id, d$item, d$session), ]
K <- max(d$session)
one <- d[d$item == 0, ]
Y <- data.frame(y1 = one$score, y2 = d$score[d$item == 1], y3 = d$score[d$item == 2])
X <- with(one, data.frame(1, stage, mode, resident, send_child, stage * mode, stage * resident,
                          stage * send_child))
names(X) <- paste0("x", 1:8)
Z <- data.frame(one = 1, stage = one$stage)
clus <- data.frame(parent = one$episode_id)
peak <- function() as.numeric(gsub("\\D", "", grep("VmHWM", readLines("/proc/self/status"), value = TRUE))) / 1024
gc(FALSE)
try(writeLines("5", "/proc/self/clear_refs"), silent = TRUE)
before <- peak()
fit <- function() {
  sink(tempfile()); on.exit(sink())
  made <- jomo1rancon(Y, X = X, Z = Z, clus = clus, nburn = burn, nbetween = thin, nimp = m, output = 0)
  made <- made[made$Imputation > 0, ]
  stage <- rep(one$stage, m)
  mean(as.matrix(made[stage == 1, 1:3])) - mean(as.matrix(made[stage == 0, 1:3]))
}
begin <- proc.time()[3]
check <- fit()
cat(sprintf('{"seconds": [%.4f], "memory": %.1f, "check": %.10g}\n', proc.time()[3] - begin, peak() - before, check))
