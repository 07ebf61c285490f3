# Writes values/mixed/glmm.json: generalised linear mixed models. Run from tests/reference.
# Laplace: glmmTMB, Newton steps on TMB's exact gradient until it is below 1e-8. Adaptive
# quadrature: lme4 with its inner iterations tightened, and (several effects a group) the
# integral itself, by a fine product rule written out here.
source("r/mixed_setup.R")
suppressPackageStartupMessages({ library(glmmTMB); library(performance) })
sets <- data_sets()
wanted <- commandArgs(TRUE)
yesno <- binomial()

laplace <- list(
  cbpp_tmb = list("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd), yesno),
  cbpp_weights = list("cbpp", prop ~ period + (1 | herd), yesno, weights = "size"),
  cbpp_probit = list("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd), binomial("probit")),
  cbpp_cloglog = list("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd), binomial("cloglog")),
  attend_family = list("goalprogress", attend ~ session + arm + sep + (1 | family), yesno),
  attend_nested = list("goalprogress", attend ~ session + arm + sep + (1 | family) + (1 | group) + (1 | council), yesno,
                       without = attend ~ session + arm + sep + (1 | family) + (1 | group)),
  attend_crossed = list("goalprogress", attend ~ session + arm + sep + (1 | family) + (1 | facilitator), yesno,
                        without = attend ~ session + arm + sep + (1 | family)),
  attend_uncorr = list("goalprogress", attend ~ session + arm + (1 | family) + (0 + session | family), yesno,
                       without = attend ~ session + arm + (1 | family)),
  sessions_slope = list("synthetic_sessions", came ~ session + arm + (session | family), yesno),
  sessions_uncorr = list("synthetic_sessions", came ~ session + arm + (1 | family) + (0 + session | family), yesno),
  sessions_crossed = list("synthetic_sessions", came ~ session + arm + (1 | family) + (1 | worker), yesno),
  sessions_slope_crossed = list("synthetic_sessions", came ~ session + arm + (session | family) + (1 | worker), yesno),
  sessions_nested = list("synthetic_sessions", came ~ session + arm + (1 | place / family), yesno),
  sessions_probit = list("synthetic_sessions", came ~ session + arm + (session | family), binomial("probit")),
  sessions_counts = list("synthetic_sessions", count ~ session + arm + (session | family), poisson()),
  sessions_counts_crossed = list("synthetic_sessions", count ~ session + arm + (1 | family) + (1 | worker), nbinom2()),
  yesno_int = list("synthetic_yesno", y ~ x + (1 | g), yesno),
  yesno_slope = list("synthetic_yesno", y ~ x + (x | g), yesno),
  yesno_nested = list("synthetic_yesno", y ~ x + (1 | h / g), yesno, without = y ~ x + (1 | h:g)),
  yesno_probit = list("synthetic_yesno", y ~ x + (1 | g), binomial("probit")),
  yesno_cloglog = list("synthetic_yesno", y ~ x + (1 | g), binomial("cloglog")),
  rates_poisson = list("synthetic_rates", events ~ arm + offset(log(exposure)) + (1 | area) + (1 | year), poisson()),
  rates_one = list("synthetic_rates", events ~ arm + offset(log(exposure)) + (1 | area), poisson()),
  rates_nb = list("synthetic_rates", visits ~ arm + offset(log(exposure)) + (1 | area), nbinom2()),
  rates_nb_crossed = list("synthetic_rates", visits ~ arm + offset(log(exposure)) + (1 | area) + (1 | year), nbinom2()),
  ticks = list("grouseticks", TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION), poisson()),
  salamanders_nb2 = list("Salamanders", count ~ mined + (1 | site), nbinom2()),
  salamanders_species = list("Salamanders", count ~ spp + mined + (1 | site), nbinom2()),
  salamanders_poisson = list("Salamanders", count ~ mined + (1 | site), poisson()),
  salamanders_crossed = list("Salamanders", count ~ spp + mined + (1 | site) + (1 | sample), poisson()),
  salamanders_nb_crossed = list("Salamanders", count ~ spp + mined + (1 | site) + (1 | sample), nbinom2(),
                                without = count ~ spp + mined + (1 | site)),
  cbpp_row = list("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd) + (1 | row), yesno),
  gamma_log = list("goalprogress", pos ~ session + arm + (1 | family), Gamma("log"), response = "exp((goal-5)/4)"),
  gamma_small = list("synthetic_positive", time ~ x + (1 | g), Gamma("log")),
  gamma_slope = list("synthetic_positive", time ~ x + (x | g), Gamma("log"), edge = 6),
  beta_small = list("synthetic_positive", share ~ x + (1 | g), beta_family()))

agq <- list(
  attend_slope = list("goalprogress", attend ~ session + arm + (session | family), yesno, nodes = 1, singular = TRUE),
  sessions = list("synthetic_sessions", came ~ session + arm + (1 | family), yesno, nodes = c(7, 15)),
  cbpp = list("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd), yesno, nodes = c(1, 5, 7, 9, 11, 25)),
  cbpp_probit = list("cbpp", cbind(incidence, size - incidence) ~ period + (1 | herd), binomial("probit"), nodes = 9),
  attend_family = list("goalprogress", attend ~ session + arm + sep + (1 | family), yesno, nodes = c(1, 7, 15)),
  yesno = list("synthetic_yesno", y ~ x + (1 | g), yesno, nodes = c(3, 5, 7, 15, 25)),
  rates = list("synthetic_rates", events ~ arm + offset(log(exposure)) + (1 | area), poisson(), nodes = c(3, 7, 15)))

# --- Laplace -------------------------------------------------------------------------------
# On the edge of a correlation of one its parameter is infinite: it is held where 1 - cor = 6e-8,
# further out TMB loses digits.
HELD <- 3e3
newton_tmb <- function(objective, par, edge) {
  if (!is.null(edge)) par[edge] <- sign(par[edge]) * HELD
  free <- setdiff(seq_along(par), edge)
  slope_at <- function(x) c(objective$gr(replace(par, free, x)))[free]
  for (step in 1:20) {
    curvature <- jacobian(slope_at, par[free])
    slope <- slope_at(par[free])
    if (max(abs(slope)) < 1e-10) break
    par[free] <- par[free] - solve(curvature, slope)
  }
  error <- replace(par + NA, free, sqrt(diag(solve((curvature + t(curvature)) / 2))))
  list(par = par, slope = slope_at(par[free]), error = error)
}
effects_of <- function(fit, objective) {
  full <- objective$env$last.par
  b <- full[names(full) == "b"]
  H <- objective$env$spHess(full, random = TRUE)
  sd <- sqrt(diag(as.matrix(solve(as.matrix(H)))))
  terms <- fit$modelInfo$reTrms$cond
  start <- 0
  lapply(seq_along(terms$cnms), function(i) {
    q <- length(terms$cnms[[i]])
    group <- terms$flist[[names(terms$cnms)[i]]]
    L <- nlevels(group)
    at <- start + seq_len(q * L)
    start <<- start + q * L
    head <- seq_len(min(5, L))
    list(group = names(terms$cnms)[i], effects = I(terms$cnms[[i]]), n_levels = L,
         levels = I(levels(group)[head]),
         mode = matrix(b[at], ncol = q, byrow = TRUE)[head, , drop = FALSE],
         cond_sd = matrix(sd[at], ncol = q, byrow = TRUE)[head, , drop = FALSE])
  })
}
fit_laplace <- function(case) {
  d <<- sets[[case[[1]]]]
  formula <- if (is.null(case$without)) case[[2]] else case$without
  family <- case[[3]]
  call <- list(quote(glmmTMB), formula, data = quote(d), family = family)
  if (!is.null(case$weights)) call$weights <- as.name(case$weights)
  fit <- suppressWarnings(eval(as.call(call)))
  objective <- fit$obj
  done <- newton_tmb(objective, fit$fit$par, case$edge)
  par <- done$par
  value <- objective$fn(par)
  se <- done$error
  kind <- names(par)
  report <- objective$report(objective$env$last.par)
  terms <- fit$modelInfo$reTrms$cond$cnms
  names(par) <- names(se) <- NULL
  beta <- setNames(par[kind == "beta"], names(fixef(fit)$cond))
  sds <- lapply(report$sd, unname)
  corr <- lapply(report$corr, function(m) if (length(m) > 1) unname(m[lower.tri(m)]) else list())
  found <- list(
    formula = paste(deparse(case[[2]], width.cutoff = 500), collapse = " "), data = case[[1]],
    weights = case$weights, n = nrow(d), engine = "glmmTMB (Laplace, TMB gradient, Newton-polished)",
    family = family$family, link = family$link,
    cond = list(est = beta, se = setNames(se[kind == "beta"], names(beta))), zi = NULL,
    logLik = -value, AIC = 2 * value + 2 * length(par),
    re_sd_in_formula_order = unlist(sds),
    log_re_sd_se = se[kind == "theta"][1],
    dispersion_log = if (any(kind == "betad")) par[kind == "betad"] else list(),
    sigma_glmmTMB_scale = if (any(kind == "betad")) {
      s <- exp(par[kind == "betad"]); if (family$family == "Gamma") 1 / sqrt(s) else s } else 1,
    par = par, par_se = se, par_names = kind, grad_max = max(abs(done$slope)),
    re = Map(function(term, group, sd, cor) list(group = group, effects = I(term), sd = I(sd), cor = cor),
             unname(terms), names(terms), sds, corr),
    ranef = effects_of(fit, objective), response = case$response,
    tmb_polished = list(theta = unlist(sds), fixef = beta, se = setNames(se[kind == "beta"], names(beta)),
                        logLik = -value, grad_max = max(abs(done$slope))))
  if (!is.null(case$without)) found$note <-
    "one term's variance is zero at the optimum: R's numbers are those of the model without it"
  if (!is.null(case$edge)) found$note <- "a correlation is one at the optimum"
  Filter(Negate(is.null), found)
}

# --- adaptive quadrature, lme4 ----------------------------------------------------------------
saturated <- function(fit) {
  y <- model.response(model.frame(fit))
  if (family(fit)$family == "poisson") return(-2 * sum(dpois(y, y, log = TRUE)))
  if (!is.matrix(y)) return(0)
  n <- rowSums(y)
  -2 * sum(dbinom(y[, 1], n, y[, 1] / n, log = TRUE))
}
glmer_control <- function()
  do.call(glmerControl, c(list(optimizer = list("bobyqa", polish), tolPwrss = 1e-13,
                               restart_edge = FALSE, boundary.tol = 0), quiet))
fit_agq <- function(case, nodes) {
  d <<- sets[[case[[1]]]]
  fit <- eval(as.call(list(quote(glmer), case[[2]], data = quote(d), family = case[[3]],
                           nAGQ = nodes, control = quote(glmer_control()))))
  beta <- fixef(fit)
  devfun <- update(fit, devFunOnly = TRUE)
  at <- unname(c(getME(fit, "theta"), beta))
  regular <- is.null(case$singular)
  se <- if (regular) sqrt(diag(solve(hessian(devfun, at) / 2))) else at + NA
  rest <- if (nodes > 1) saturated(fit) else 0
  singular <- isSingular(fit, tol = 1e-4)
  found <- list(
       formula = paste(deparse(case[[2]], width.cutoff = 500), collapse = " "), data = case[[1]],
       n = nobs(fit), family = family(fit)$family, link = family(fit)$link, nAGQ = nodes,
       theta = unname(getME(fit, "theta")), fixef = beta, deviance_m2ll = c(-2 * logLik(fit)), logLik = c(logLik(fit)),
       objective = c(-2 * logLik(fit)), left_out_constant = rest,
       deviance_full = c(-2 * logLik(fit)) + rest,
       varcorr = by_row(as.data.frame(VarCorr(fit))), singular = singular,
       se_hessian = setNames(se[length(se) - length(beta) + seq_along(beta)], names(beta)),
       se_theta_hessian = se[1], grad_max = if (regular) max(abs(grad(devfun, at))) else NULL,
       se_rx = sqrt(diag(as.matrix(vcov(fit, use.hessian = FALSE)))), ranef = random_effects(fit))
  if (nodes == 1 && regular) found$tmb_polished <- fit_laplace(case)$tmb_polished
  found
}

# --- the integral itself, several effects a group ------------------------------------------------
hermite <- function(k) {
  off <- sqrt(seq_len(k - 1) / 2)
  J <- matrix(0, k, k)
  J[cbind(1:(k - 1), 2:k)] <- J[cbind(2:k, 1:(k - 1))] <- off
  e <- eigen(J, symmetric = TRUE)
  list(x = e$values, logw = log(e$vectors[1, ]^2) + 0.5 * log(pi) + e$values^2)
}
integrated <- function(X, Z, y, group, nodes) {
  rule <- hermite(nodes)
  q <- ncol(Z)
  grid <- as.matrix(expand.grid(rep(list(rule$x), q)))
  logw <- rowSums(as.matrix(expand.grid(rep(list(rule$logw), q)))) + q / 2 * log(2)
  parts <- split(seq_along(y), group)
  function(par) {
    beta <- par[seq_len(ncol(X))]
    Lambda <- matrix(0, q, q)
    Lambda[lower.tri(Lambda, diag = TRUE)] <- par[-seq_len(ncol(X))]
    total <- 0
    for (rows in parts) {
      A <- Z[rows, , drop = FALSE] %*% Lambda
      base <- c(X[rows, , drop = FALSE] %*% beta)
      sign <- 2 * y[rows] - 1
      u <- numeric(q)
      for (step in 1:50) {
        p <- plogis(base + c(A %*% u))
        H <- crossprod(A * sqrt(p * (1 - p))) + diag(q)
        move <- solve(H, c(crossprod(A, y[rows] - p)) - u)
        u <- u + move
        if (max(abs(move)) < 1e-12) break
      }
      C <- t(chol(solve(H))) * sqrt(2)
      at <- sweep(grid %*% t(C), 2, u, "+")
      eta <- base + A %*% t(at)
      value <- colSums(plogis(sign * eta, log.p = TRUE)) - rowSums(at^2) / 2 - q / 2 * log(2 * pi)
      value <- value + logw + determinant(C)$modulus - q / 2 * log(2)
      total <- total + max(value) + log(sum(exp(value - max(value))))
    }
    -2 * total
  }
}
integrals <- list(
  yesno = list("synthetic_yesno", y ~ x + (x | g), ~ x, ~ x, "y", "g", c(-0.4, 0.8, 1, 0, 0.5)),
  sessions = list("synthetic_sessions", came ~ session + arm + (session | family), ~ session + arm, ~ session,
                  "came", "family", c(0.5, -0.1, 0.4, 1, 0, 0.2)))
fit_integral <- function(case, nodes) {
  d <- sets[[case[[1]]]]
  X <- model.matrix(case[[3]], d)
  deviance <- integrated(X, model.matrix(case[[4]], d), d[[case[[5]]]], d[[case[[6]]]], nodes)
  best <- nlminb(case[[7]], deviance, control = list(rel.tol = 1e-14, x.tol = 1e-10))
  par <- best$par
  for (step in 1:3) par <- par - solve(hessian(deviance, par), grad(deviance, par))
  se <- sqrt(diag(solve(hessian(deviance, par) / 2)))
  p <- ncol(X)
  theta <- par[-seq_len(p)]
  L <- matrix(c(theta[1:2], 0, theta[3]), 2)
  S <- L %*% t(L)
  list(formula = paste(deparse(case[[2]], width.cutoff = 500), collapse = " "), data = case[[1]],
       family = "binomial", link = "logit",
       n = nrow(d), nodes = nodes, fixef = setNames(par[1:p], colnames(X)),
       se = setNames(se[1:p], colnames(X)), theta = theta, sd = sqrt(diag(S)),
       cor = S[2, 1] / sqrt(S[1, 1] * S[2, 2]), deviance = deviance(par),
       grad_max = max(abs(grad(deviance, par))))
}

separated <- function() {
  d <<- sets$separation
  fit <- suppressWarnings(glmer(y ~ x + (1 | g), d, binomial))
  list(formula = "y ~ x + (1 | g)", data = "separation", n = nobs(fit), family = "binomial", nAGQ = 1,
       theta = unname(getME(fit, "theta")), fixef = fixef(fit), deviance_m2ll = c(-2 * logLik(fit)),
       note = "x separates completely: the ML slope is infinite; any finite number is where an optimiser stopped.")
}
explained <- function() {
  d <<- sets$goalprogress
  fit <- eval(as.call(list(quote(glmer), attend ~ session + arm + sep + (1 | family), quote(d), quote(binomial),
                           control = quote(glmer_control()))))
  r2 <- r2_nakagawa(fit)
  list(icc = icc(fit)$ICC_adjusted, r2 = unname(c(r2$R2_conditional, r2$R2_marginal)))
}

cases <- list()
pick <- function(name) !length(wanted) || name %in% wanted
for (name in names(laplace)) if (pick(name)) {
  message(name)
  cases[[name]] <- tryCatch(fit_laplace(laplace[[name]]), error = function(e) { message(e); NULL })
}
for (name in names(agq)) if (pick(paste0(name, "_agq"))) for (nodes in agq[[name]]$nodes) {
  message(name, nodes)
  cases[[paste0(name, "_agq", nodes)]] <- fit_agq(agq[[name]], nodes)
}
if (pick("integral")) for (name in names(integrals)) for (nodes in c(15, 31))
  cases[[paste0(name, "_integral", nodes)]] <- fit_integral(integrals[[name]], nodes)
if (pick("separation")) cases$separation <- separated()
if (pick("attend_r2_icc")) cases$attend_r2_icc <- explained()
save_json(cases, if (length(wanted)) "glmm_part.json" else "glmm.json",
          c("lme4", "glmmTMB", "TMB", "performance", "numDeriv"))
