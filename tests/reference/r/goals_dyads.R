# Writes data/goals/couples.csv and values/goals/dyads.json: couples drawn here, actor-partner
# models by lme4 and nlme, and means by cluster with clubSandwich.
source("r/mixed_setup.R")
suppressPackageStartupMessages({
  library(lmerTest); library(clubSandwich)
})
set.seed(20261122, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")
n <- 36
couple <- rep(sprintf("c%02d", 1:n), each = 2)
sex <- rep(c("female", "male"), n)
start <- round(pmin(pmax(3 + rnorm(n, 0, 0.8)[rep(1:n, each = 2)] + rnorm(2 * n), 0), 10), 2)
partner <- c(rbind(start[seq(2, 2 * n, 2)], start[seq(1, 2 * n, 2)]))
change <- 3.5 - 0.4 * start + 0.15 * partner + rnorm(n, 0, 0.8)[rep(1:n, each = 2)] +
  rnorm(2 * n) * ifelse(sex == "male", 1.4, 0.8) + 0.4 * (sex == "male")
# Groups of two to six couples, as a course would have them.
group <- rep(sprintf("g%d", rep(1:9, times = c(2, 6, 3, 5, 4, 4, 6, 2, 4))), each = 2)
d <- data.frame(couple, group, sex, start, finish = round(start + change, 2))
write.csv(d, file.path("data", "goals", "couples.csv"), row.names = FALSE, quote = FALSE)

d <- read.csv(file.path("data", "goals", "couples.csv"))
d$partner <- c(rbind(d$start[seq(2, 2 * n, 2)], d$start[seq(1, 2 * n, 2)]))
d$own <- d$start - mean(d$start)
d$partner <- d$partner - mean(d$start)
d$change <- d$finish - d$start
d$sex <- factor(d$sex, levels = c("female", "male"))
tight <- lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_rel = 1e-14, ftol_rel = 1e-14))
cases <- list()
for (outcome in c("change", "finish")) for (method in c("reml", "ml")) {
  formula <- as.formula(paste(outcome, "~ own + partner + (1 | couple)"))
  fit <- lmerTest::lmer(formula, d, REML = method == "reml", control = tight)
  found <- coef(summary(fit))
  cases[[paste("exchangeable", outcome, method, sep = "_")]] <- list(
    term = I(rownames(found)), estimate = found[, 1] |> unname() |> I(),
    std_error = I(unname(found[, 2])), df = I(unname(found[, 3])),
    logLik = c(logLik(fit)), sd_couple = attr(VarCorr(fit)$couple, "stddev")[[1]],
    sigma = sigma(fit))
}
fit <- nlme::lme(change ~ sex * (own + partner), d, random = ~ 1 | couple,
                 weights = nlme::varIdent(form = ~ 1 | sex),
                 control = nlme::lmeControl(maxIter = 200, msMaxIter = 500, niterEM = 50,
                                            tolerance = 1e-10, msTol = 1e-12, opt = "nlminb"))
cases$distinguishable_change_reml <- list(
  term = I(names(nlme::fixef(fit))), estimate = I(unname(nlme::fixef(fit))),
  std_error = I(unname(sqrt(diag(vcov(fit))))), logLik = c(logLik(fit)),
  sd_couple = sqrt(as.matrix(fit$modelStruct$reStruct[[1]])[1]) * fit$sigma, sigma = fit$sigma,
  ratio = coef(fit$modelStruct$varStruct, unconstrained = FALSE)[[1]])
for (outcome in c("change", "progress")) {
  d$y <- if (outcome == "change") d$change else as.numeric(d$change >= 1 - 1e-9)
  found <- coef_test(lm(y ~ 1, d), vcov = "CR2", cluster = d$group, test = "Satterthwaite")
  cases[[paste0("mean_", outcome)]] <- list(
    estimate = found$beta, std_error = found$SE, df = found$df_Satt)
}
versions <- vapply(c("lme4", "lmerTest", "nlme", "clubSandwich"),
                   function(p) paste(p, packageVersion(p)), "")
source_note <- paste(c(R.version.string, versions), collapse = ", ")
writeLines(to_json(list(source = source_note, cases = cases)),
           file.path("values", "goals", "dyads.json"))
