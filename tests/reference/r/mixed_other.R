# Writes values/mixed/{lrt,emmeans,other}.json: likelihood-ratio and Kenward-Roger tests,
# marginal means and slopes, residual structures, cluster-robust errors, pooling, GEE.
# Run from tests/reference.
source("r/mixed_setup.R")
suppressPackageStartupMessages({
  library(lmerTest); library(pbkrtest); library(emmeans); library(nlme); library(clubSandwich)
  library(glmmTMB); library(mice); library(geepack)
})
lmer <- lme4::lmer
sets <- data_sets()
reml <- function(name, formula) { d <<- sets[[name]]; fit_lmer(formula, TRUE) }
ml <- function(name, formula) { d <<- sets[[name]]; fit_lmer(formula, FALSE) }

# --- likelihood ratio, Kenward-Roger F -------------------------------------------------------
table_of <- function(...) by_row(as.data.frame(anova(...)))
kr <- function(big, small) {
  test <- KRmodcomp(big, small)
  c(lapply(as.list(test$stats), unname), list(aux = unname(unlist(test$aux))))
}
lrt <- list(
  sleepstudy_lrt = table_of(ml("sleepstudy", Reaction ~ Days + (1 | Subject)),
    ml("sleepstudy", Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)),
    ml("sleepstudy", Reaction ~ Days + (Days | Subject)), refit = FALSE),
  oats_lrt = table_of(ml("Oats", yield ~ nitro + (1 | Block / Variety)),
                      ml("Oats", yield ~ nitro + Variety + (1 | Block / Variety)), refit = FALSE))
oats <- quote(yield ~ nitro + Variety + (1 | Block / Variety))
full <- reml("Oats", eval(oats))
lrt$oats_KRmodcomp_Variety <- kr(full, reml("Oats", yield ~ nitro + (1 | Block / Variety)))
full <- reml("Machines", score ~ Machine + (Machine | Worker))
lrt$machines_KRmodcomp_Machine <- kr(full, reml("Machines", score ~ 1 + (Machine | Worker)))
full <- reml("BodyWeight", weight ~ Time * Diet + (Time | Rat))
lrt$bodyweight_KRmodcomp_slopes <- kr(full, reml("BodyWeight", weight ~ Time + Diet + (Time | Rat)))
full <- reml("synthetic_crossed", y ~ x + arm + (1 | school) + (1 | rater))
lrt$crossed_KRmodcomp_arm <- kr(full, reml("synthetic_crossed", y ~ x + (1 | school) + (1 | rater)))
save_json(lrt, "lrt.json", c("lme4", "lmerTest", "pbkrtest"))

# --- marginal means, contrasts, slopes --------------------------------------------------------
ADJUST <- c("none", "tukey", "holm", "bonferroni", "sidak")
frame_of <- function(x) { frame <- as.data.frame(x); by_row(frame) }
means_of <- function(name, fit, specs, by = NULL, adjust = ADJUST, ...) {
  means <- emmeans(fit, specs, by = by, ...)
  c(list(data = name, formula = paste(deparse(formula(fit), width.cutoff = 500), collapse = " "),
         specs = I(specs), by = by, emm = frame_of(summary(means, infer = c(TRUE, TRUE)))),
    pairs = list(sapply(adjust, function(a) frame_of(summary(pairs(means), adjust = a)), simplify = FALSE)))
}
trends_of <- function(name, fit, specs, var, ...) {
  trends <- emtrends(fit, specs, var = var, ...)
  list(data = name, formula = paste(deparse(formula(fit), width.cutoff = 500), collapse = " "), specs = I(specs),
       var = var, trends = frame_of(summary(trends, infer = c(TRUE, TRUE))),
       pairs = list(tukey = frame_of(summary(pairs(trends), adjust = "tukey")),
                    none = frame_of(summary(pairs(trends), adjust = "none"))))
}
cases <- list()
for (ddf in c("kenward-roger", "satterthwaite")) {
  tag <- function(name) paste(name, ddf, sep = "_")
  fit <- reml("Machines", score ~ Machine + (1 | Worker) + (1 | Worker:Machine))
  cases[[tag("machines")]] <- means_of("Machines", fit, "Machine", lmer.df = ddf)
  fit <- reml("Oats", yield ~ nitro + Variety + (1 | Block / Variety))
  cases[[tag("oats")]] <- means_of("Oats", fit, "Variety", lmer.df = ddf)
  sets$Oats$nitroF <- factor(sets$Oats$nitro)
  fit <- reml("Oats", yield ~ nitroF * Variety + (1 | Block / Variety))
  cases[[tag("oats_cells")]] <- means_of("Oats", fit, c("nitroF", "Variety"),
                                          adjust = "tukey", lmer.df = ddf)
  cases[[tag("oats_by")]] <- means_of("Oats", fit, "nitroF", by = "Variety", lmer.df = ddf)
  cases[[tag("oats_margin")]] <- suppressMessages(means_of("Oats", fit, "Variety", lmer.df = ddf))
  fit <- reml("Orthodont", distance ~ age * Sex + (age | Subject))
  cases[[tag("orthodont")]] <- suppressMessages(means_of("Orthodont", fit, "Sex", lmer.df = ddf))
  cases[[tag("orthodont_at_14")]] <- suppressMessages(
    means_of("Orthodont", fit, "Sex", at = list(age = 14), lmer.df = ddf))
  cases[[tag("orthodont_slopes")]] <- trends_of("Orthodont", fit, "Sex", "age", lmer.df = ddf)
  fit <- reml("BodyWeight", weight ~ Time * Diet + (Time | Rat))
  cases[[tag("bodyweight_slopes")]] <- trends_of("BodyWeight", fit, "Diet", "Time", lmer.df = ddf)
  fit <- reml("synthetic_crossed", y ~ x + arm + (1 | school) + (1 | rater))
  cases[[tag("crossed")]] <- means_of("synthetic_crossed", fit, "arm", lmer.df = ddf)
}
d <- sets$cbpp
fit <- glmmTMB(cbind(incidence, size - incidence) ~ period + (1 | herd), d, binomial)
cases$cbpp_link <- means_of("cbpp", fit, "period", df = Inf)
cases$cbpp_response <- means_of("cbpp", fit, "period", df = Inf, type = "response")
d <- sets$synthetic_rates
fit <- glmmTMB(events ~ arm + offset(log(exposure)) + (1 | area), d, poisson)
cases$rates_link <- means_of("synthetic_rates", fit, "arm", df = Inf, offset = 0)
save_json(cases, "emmeans.json", c("emmeans", "lme4", "lmerTest", "pbkrtest", "glmmTMB"))

# --- residual structures: nlme ------------------------------------------------------------------
g <- sets$goalprogress
tight <- lmeControl(maxIter = 200, msMaxIter = 500, niterEM = 50, tolerance = 1e-10, msTol = 1e-12,
                    msVerbose = FALSE, opt = "nlminb")
slope <- quote(goal ~ session * arm + sep)
structured <- function(...) {
  fit <- lme(..., control = tight)
  scaled <- unclass(as.matrix(fit$modelStruct$reStruct[[1]]))
  list(fixef = fixef(fit), se = sqrt(diag(vcov(fit))), logLik = c(logLik(fit)), sigma = fit$sigma,
       re_covariance = unname(matrix(scaled * fit$sigma^2, nrow(scaled))),
       structure = as.list(c(corStruct = coef(fit$modelStruct$corStruct, unconstrained = FALSE),
                             varStruct = coef(fit$modelStruct$varStruct, unconstrained = FALSE))),
       fitted_head = unname(fitted(fit)[1:6]))
}
nlme_cases <- list(
  ar1_int_ml = structured(goal ~ session * arm + sep, g, ~ 1 | family, method = "ML",
                          correlation = corAR1(form = ~ session | family)),
  ar1_int_reml = structured(goal ~ session * arm + sep, g, ~ 1 | family,
                            correlation = corAR1(form = ~ session | family)),
  ar1_slope_reml = structured(goal ~ session * arm + sep, g, ~ session | family,
                              correlation = corAR1(form = ~ session | family)),
  varident_reml = structured(goal ~ session * arm + sep, g, ~ session | family,
                             weights = varIdent(form = ~ 1 | arm)),
  orthodont_varident_reml = structured(distance ~ age * Sex, sets$Orthodont, ~ age | Subject,
                                       weights = varIdent(form = ~ 1 | Sex)),
  orthodont_varident_ml = structured(distance ~ age * Sex, sets$Orthodont, ~ 1 | Subject, method = "ML",
                                     weights = varIdent(form = ~ 1 | Sex)),
  missed_ar1_reml = structured(y ~ session * arm, sets$synthetic_missed, ~ 1 | family,
                               correlation = corAR1(form = ~ session | family)),
  bodyweight_car1_reml = structured(weight ~ Time * Diet, sets$BodyWeight, ~ Time | Rat,
                                    correlation = corCAR1(form = ~ Time | Rat)))

# --- cluster-robust ----------------------------------------------------------------------------
robust <- function(fit, cluster, type) {
  V <- vcovCR(fit, cluster = cluster, type = type)
  test <- coef_test(fit, vcov = V, test = "Satterthwaite")
  df <- if (is.null(test$df_Satt)) test$df else test$df_Satt
  p <- if (is.null(test$p_Satt)) test$p_val else test$p_Satt
  setNames(list(unname(as.matrix(V)), test$SE, df, p), c(paste0("vcov_", type), "SE", "df", "p"))
}
by_type <- function(name, fit, cluster) {
  types <- c("CR0", "CR1", "CR2")
  found <- lapply(types, function(type) robust(fit, cluster, type))
  setNames(found, paste(name, types, sep = "_"))
}
d <- sets$sleepstudy
club <- by_type("sleepstudy", fit_lmer(Reaction ~ Days + (Days | Subject), TRUE), sets$sleepstudy$Subject)
club <- c(club, by_type("goal_lm_council", lm(goal ~ session * arm + sep, g), g$council))
d <- g
club <- c(club, by_type("goal_lmer_family", fit_lmer(goal ~ session * arm + sep + (session | family), TRUE), g$family))
d <- sets$Orthodont
club <- c(club, by_type("orthodont", fit_lmer(distance ~ age * Sex + (1 | Subject), TRUE), d$Subject))
d <- sets$synthetic_missed
club <- c(club, by_type("missed", fit_lmer(y ~ session * arm + (session | family), TRUE), d$family))

# --- Rubin's rules, exchangeable GEE -----------------------------------------------------------
fits <- read_data("imputations")
n <- nrow(read_data("missing"))
terms <- unique(fits$term)
wide <- function(column) t(sapply(split(fits, fits$imputation), function(f) f[[column]][match(terms, f$term)]))
Q <- unname(wide("estimate"))
U <- unname(wide("variance"))
pooled <- do.call(rbind, lapply(seq_along(terms), function(j) {
  s <- pool.scalar(Q[, j], U[, j], n = n, k = length(terms))
  data.frame(term = terms[j], m = s$m, estimate = s$qbar, ubar = s$ubar, b = s$b, t = s$t,
             dfcom = n - length(terms), df = s$df, riv = s$r, lambda = s$r / (1 + s$r), fmi = s$fmi)
}))
attend <- geeglm(attend ~ session + arm + sep, binomial, g, id = family, corstr = "exchangeable",
                 control = geese.control(epsilon = 1e-12, maxit = 100))
gee <- list(coef = coef(attend), se = sqrt(diag(vcov(attend))), alpha = unname(attend$geese$alpha))
save_json(list(nlme = nlme_cases, clubSandwich = club,
               mice_pool = list(m = max(fits$imputation), n = n, k = length(terms), Q = Q, U = U, pooled = pooled),
               gee_exchangeable = gee),
          "other.json", c("nlme", "clubSandwich", "mice", "geepack", "lme4"))

# --- profile limits ------------------------------------------------------------------------------
# Not read off splines, as confint does, but roots: the rise of glmmTMB's exact -2 log-likelihood,
# the other parameters at their best, is the chi-square's quantile.
RISE <- qchisq(0.95, 1)
limits_of <- function(name, formula, family) {
  d <<- sets[[name]]
  fit <- eval(as.call(list(quote(glmmTMB), formula, data = quote(d), family = family)))
  objective <- fit$obj
  best <- fit$fit$par
  search <- function(start, fn, gr) nlminb(start, fn, gr, control = list(rel.tol = 1e-15, x.tol = 1e-12,
                                           eval.max = 1000, iter.max = 1000))
  for (again in 1:3) best <- search(best, objective$fn, objective$gr)$par
  lowest <- objective$fn(best)
  error <- sqrt(diag(solve(jacobian(function(x) c(objective$gr(x)), best))))
  one_side <- function(k, side) {
    others <- best[-k]
    rise <- function(value) {
      full <- function(x) append(x, value, k - 1)
      done <- search(others, function(x) objective$fn(full(x)), function(x) objective$gr(full(x))[-k])
      if (is.finite(done$objective)) others <<- done$par
      2 * (done$objective - lowest) - RISE
    }
    far <- best[k] + side * 1.5 * error[k]
    for (step in 1:12) {
      if (rise(far) > 0) return(uniroot(rise, sort(c(best[k], far)), tol = 1e-10)$root)
      far <- far + side * error[k]
      if (abs(far - best[k]) > 9 * error[k]) break
    }
    side * Inf
  }
  kind <- names(best)
  value <- function(k, x) switch(kind[k], theta = if (k %in% correlation) x / sqrt(1 + x^2) else exp(x),
                                 betad = if (family$family == "gaussian") exp(x / 2) else exp(x), beta = x)
  sizes <- lengths(fit$modelInfo$reTrms$cond$cnms)
  theta <- which(kind == "theta")
  labels <- unlist(lapply(sizes, function(q) c(rep("sd", q), rep("cor", q * (q - 1) / 2))))
  correlation <- theta[labels == "cor"]
  ends <- function(side) vapply(seq_along(best), function(k) {
    end <- one_side(k, side)
    if (is.infinite(end) && k %in% correlation) side else value(k, end)
  }, 0)
  terms <- fit$modelInfo$reTrms$cond$cnms
  names_theta <- unlist(Map(function(group, effects) {
    pairs <- if (length(effects) > 1) paste0("cor_", effects[1], ".", effects[2], "|", group)
    c(paste0("sd_", effects, "|", group), pairs)
  }, names(terms), terms))
  term <- c(names(fixef(fit)$cond), if (any(kind == "betad")) "sigma", names_theta)
  list(data = name, formula = paste(deparse(formula, width.cutoff = 500), collapse = " "),
       family = family$family, term = unname(term), estimate = vapply(seq_along(best), function(k) value(k, best[k]), 0),
       lower = ends(-1), upper = ends(1))
}
save_json(list(
  sleepstudy_slope = limits_of("sleepstudy", Reaction ~ Days + (Days | Subject), gaussian()),
  sleepstudy_uncorr = limits_of("sleepstudy", Reaction ~ Days + (1 | Subject) + (0 + Days | Subject), gaussian()),
  dyestuff = limits_of("Dyestuff", Yield ~ 1 + (1 | Batch), gaussian()),
  pastes = limits_of("Pastes", strength ~ 1 + (1 | batch / cask), gaussian()),
  penicillin = limits_of("Penicillin", diameter ~ 1 + (1 | plate) + (1 | sample), gaussian()),
  crossed = limits_of("synthetic_crossed", y ~ x + arm + (1 | school) + (1 | rater), gaussian()),
  missed = limits_of("synthetic_missed", y ~ session * arm + (session | family), gaussian()),
  cbpp = limits_of("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd), binomial()),
  yesno = limits_of("synthetic_yesno", y ~ x + (1 | g), binomial()),
  sessions_counts = limits_of("synthetic_sessions", count ~ session + arm + (session | family), poisson()),
  sessions_crossed = limits_of("synthetic_sessions", came ~ session + arm + (1 | family) + (1 | worker), binomial())),
  "profile.json", c("glmmTMB", "TMB"))
