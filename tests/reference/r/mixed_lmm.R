# Writes values/mixed/lmm.json: linear mixed models. Run from tests/reference.
source("r/mixed_setup.R")
suppressPackageStartupMessages({
  library(lmerTest); library(pbkrtest); library(emmeans); library(performance)
})
lmer <- lme4::lmer
sets <- data_sets()
wanted <- commandArgs(TRUE)

grid <- list(
  sleepstudy_slope = list("sleepstudy", Reaction ~ Days + (Days | Subject), profile = TRUE),
  sleepstudy_uncorr = list("sleepstudy", Reaction ~ Days + (1 | Subject) + (0 + Days | Subject), profile = TRUE),
  sleepstudy_int = list("sleepstudy", Reaction ~ Days + (1 | Subject), profile = TRUE),
  sleepstudy_weighted = list("sleepstudy", Reaction ~ Days + (Days | Subject), weights = "w"),
  dyestuff = list("Dyestuff", Yield ~ 1 + (1 | Batch), profile = TRUE),
  dyestuff2_singular = list("Dyestuff2", Yield ~ 1 + (1 | Batch)),
  pastes_nested = list("Pastes", strength ~ 1 + (1 | batch / cask), profile = TRUE),
  penicillin_crossed = list("Penicillin", diameter ~ 1 + (1 | plate) + (1 | sample), profile = TRUE),
  machines = list("Machines", score ~ Machine + (1 | Worker) + (1 | Worker:Machine)),
  singular_zero = list("singular_zero", y ~ x + (x | g)),
  goal_slope = list("goalprogress", goal ~ session * arm + sep + (session | family)),
  insteval = list("InstEval", y ~ service + (1 | s) + (1 | d) + (1 | dept:service), modes = "reml"),
  machines_factor_slope = list("Machines", score ~ Machine + (Machine | Worker)),
  machines_cell_slope = list("Machines", score ~ Machine + (0 + Machine | Worker)),
  oats = list("Oats", yield ~ nitro + Variety + (1 | Block / Variety), profile = TRUE),
  oats_cells = list("Oats", yield ~ factor(nitro) * Variety + (1 | Block / Variety)),
  orthodont_slope = list("Orthodont", distance ~ age * Sex + (age | Subject)),
  orthodont_int = list("Orthodont", distance ~ age * Sex + (1 | Subject), profile = TRUE),
  bodyweight_slope = list("BodyWeight", weight ~ Time * Diet + (Time | Rat)),
  goal_nested_crossed = list("goalprogress", goal ~ session * arm + sep + (1 | council) + (1 | group) + (1 | family) + (1 | facilitator), modes = "reml"),
  goal_slope_crossed = list("goalprogress", goal ~ session * arm + sep + (session | family) + (1 | facilitator), modes = "reml"),
  crossed_unbalanced = list("synthetic_crossed", y ~ x + arm + (1 | school) + (1 | rater), profile = TRUE),
  crossed_weighted = list("synthetic_crossed", y ~ x + (1 | school) + (1 | rater), weights = "w"),
  crossed_one_slope = list("synthetic_crossed", y ~ x + (x | school) + (1 | rater)),
  crossed_two_slopes = list("synthetic_crossed", y ~ x + (x | school) + (x | rater)),
  crossed_two_uncorr = list("synthetic_crossed", y ~ x + (1 | school) + (0 + x | school) + (1 | rater) + (0 + x | rater)),
  crossed_offset = list("synthetic_crossed", y ~ x + offset(known) + (1 | school) + (1 | rater)),
  missed_slope = list("synthetic_missed", y ~ session * arm + (session | family), profile = TRUE),
  missed_uncorr = list("synthetic_missed", y ~ session * arm + (1 | family) + (0 + session | family)),
  pairs_alike = list("synthetic_pairs", alike ~ x + (1 | g), profile = TRUE),
  pairs_unlike_singular = list("synthetic_pairs", unlike ~ x + (1 | g)),
  one_huge_group = list("synthetic_huge", y ~ x + (x | g)),
  many_levels_few_rows = list("synthetic_sparse", y ~ x + (1 | g)),
  nested_slopes = list("synthetic_nested", y ~ t + (t | council / group)),
  nested_slope_above = list("synthetic_nested", y ~ t + (t | council) + (1 | council:group)),
  singular_plus_one = list("synthetic_alongside", plus ~ t + (t | g)),
  singular_minus_one = list("synthetic_alongside", minus ~ t + (t | g)),
  singular_one_idle = list("synthetic_idle", y ~ 1 + (1 | a) + (1 | b)),
  insteval_part = list("insteval_part", y ~ service + (1 | s) + (1 | d) + (1 | dept:service)),
  insteval_part_slope = list("insteval_part", y ~ service + (service | s) + (1 | d), modes = "ml"))

satterthwaite <- function(fit) {
  table <- as_lmerModLmerTest(fit)
  rows <- coef(summary(table, ddf = "Satterthwaite"))
  column <- function(name) setNames(rows[, name], row.names(rows))
  list(df = column("df"), t = column("t value"), p = column("Pr(>|t|)"),
       anova = if (nrow(rows) > 1) as.data.frame(anova(table, ddf = "Satterthwaite")) else list())
}
# (df, and the variance with its adjustment, from pbkrtest.)
kenward_roger <- function(fit) {
  table <- as_lmerModLmerTest(fit)
  rows <- coef(summary(table, ddf = "Kenward-Roger"))
  column <- function(name) setNames(rows[, name], row.names(rows))
  list(vcov_adj = as.matrix(vcovAdj(fit)), df = column("df"), se = column("Std. Error"),
       anova = if (nrow(rows) > 1) as.data.frame(anova(table, ddf = "Kenward-Roger")) else list())
}
profile_limits <- function(formula) {
  tight <- lmer_control(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9))
  limits <- confint(profile(fit_lmer(formula, FALSE, control = tight), devtol = 1e-6), level = 0.95)
  list(par = row.names(limits), lower = unname(limits[, 1]), upper = unname(limits[, 2]))
}
describe <- function(case, reml) {
  d <<- sets[[case[[1]]]]
  fit <- fit_lmer(case[[2]], reml, case$weights)
  lower <- getME(fit, "lower")
  theta <- unname(getME(fit, "theta"))
  free <- theta - lower > 1e-4
  slope <- function(par) { part <- function(x) devfun(replace(par, free, x)); grad(part, par[free]) }
  devfun <- update(fit, devFunOnly = TRUE)
  beta <- fixef(fit)
  found <- list(
    formula = paste(deparse(case[[2]], width.cutoff = 500), collapse = " "), n = nobs(fit),
    REML = reml, fixef = beta, se = sqrt(diag(as.matrix(vcov(fit)))),
    vcov = as.matrix(vcov(fit)), theta = theta,
    theta_grad_max = if (any(free)) max(abs(slope(theta))) else NULL, sigma = sigma(fit),
    varcorr = by_row(as.data.frame(VarCorr(fit))), logLik = c(logLik(fit)),
    objective = if (reml) REMLcrit(fit) else deviance(fit), AIC = AIC(fit), BIC = BIC(fit),
    npar = attr(logLik(fit), "df"), singular = isSingular(fit, tol = 1e-4),
    ranef = random_effects(fit), fitted_head = unname(fitted(fit)[1:6]),
    predict_marginal_head = unname(predict(fit, re.form = NA)[1:6]))
  default <- fit_lmer(case[[2]], reml, case$weights, control = quote(lmer_control()))
  found$lme4_default <- list(theta = unname(getME(default, "theta")),
    objective = if (reml) REMLcrit(default) else deviance(default))
  regular <- !found$singular
  if (reml && nobs(fit) < 10000) found$satterthwaite <- satterthwaite(fit)
  if (reml && nobs(fit) < 700 && regular && is.null(case$weights)) found$kenward_roger <- kenward_roger(fit)
  if (!reml && isTRUE(case$profile)) found$profile_ci <- profile_limits(case[[2]])
  if (regular) {
    share <- suppressWarnings(icc(fit))
    explained <- suppressWarnings(r2_nakagawa(fit))
    found$icc <- list(adjusted = share$ICC_adjusted, unadjusted = share$ICC_unadjusted)
    found$r2_nakagawa <- list(marginal = unname(explained$R2_marginal),
                              conditional = unname(explained$R2_conditional))
  }
  found
}
marginal_means <- function(ddf) {
  d <<- sets$Machines
  fit <- fit_lmer(grid$machines[[2]], TRUE)
  means <- emmeans(fit, "Machine", lmer.df = ddf)
  list(emm = by_row(as.data.frame(means)),
       pairs_tukey = by_row(as.data.frame(pairs(means))),
       pairs_none = by_row(as.data.frame(pairs(means, adjust = "none"))))
}

if (length(wanted)) grid <- grid[wanted]
cases <- lapply(names(grid), function(name) {
  message(name)
  case <- grid[[name]]
  modes <- if (is.null(case$modes)) c("reml", "ml") else case$modes
  fits <- sapply(modes, function(mode) describe(case, mode == "reml"), simplify = FALSE)
  c(list(data = case[[1]]), if (!is.null(case$weights)) list(weights = case$weights), fits)
})
names(cases) <- names(grid)
if ("machines" %in% names(cases)) for (ddf in c("kenward-roger", "satterthwaite"))
  cases$machines[[paste0("emmeans_", ddf)]] <- marginal_means(ddf)
save_json(cases, if (length(wanted)) "lmm_part.json" else "lmm.json",
          c("lme4", "lmerTest", "pbkrtest", "emmeans", "performance", "numDeriv"))
