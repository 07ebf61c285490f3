# Writes values/survival/survreg.json and values/survival/likelihoods.json. flexsurv.json is typed
# in: flexsurv is not in Debian. Needs r-cran-numderiv.
source("r/survival_setup.R")

lung <- read_data("lung")
lung$event <- lung$status - 1
lung$ecog <- lung$ph.ecog
weighted <- read_data("lung_w")
weighted$event <- weighted$status - 1
weighted$ecog <- weighted$ph.ecog
veteran <- read_data("veteran")
veteran$celltype <- factor(veteran$celltype, c("squamous", "smallcell", "adeno", "large"))
visits <- read_data("lung_interval")
visits$ecog <- visits$ph.ecog
rats <- read_data("rats")
heart <- read_data("heart")
colon <- subset(read_data("colon"), etype == 1)
colon$treated <- 1 * (colon$rx == "Lev+5FU")

# --- survreg ----------------------------------------------------------------------------------
tight <- survreg.control(rel.tolerance = 1e-13, maxiter = 200, toler.chol = 1e-14)
summarised <- function(fit) {
  list(terms = names(coef(fit)), coef = unname(coef(fit)), scale = unname(fit$scale),
       se = unname(sqrt(diag(fit$var))), vcov = unname(fit$var), loglik_null = fit$loglik[1],
       loglik = fit$loglik[2], aic = AIC(fit), n = length(fit$linear.predictors))
}
cases <- list()
for (d in c("weibull", "exponential", "loglogistic", "lognormal", "gaussian", "logistic")) {
  cases[[paste0("lung_", d)]] <- summarised(
    survreg(Surv(time, event) ~ age + sex + ecog, lung, dist = d, control = tight))
  cases[[paste0("veteran_", d)]] <- summarised(
    survreg(Surv(time, status) ~ trt + karno + celltype, veteran, dist = d, control = tight))
  cases[[paste0("lung_alone_", d)]] <- summarised(
    survreg(Surv(time, event) ~ 1, lung, dist = d, control = tight))
}
cases$lung_weibull_strata_sex <- summarised(
  survreg(Surv(time, event) ~ age + ecog + strata(sex), lung, control = tight))
cases$lung_lognormal_strata_sex_ecog <- summarised(
  survreg(Surv(time, event) ~ age + sex + strata(sex), lung, dist = "lognormal", control = tight))
cases$veteran_loglogistic_strata <- summarised(
  survreg(Surv(time, status) ~ karno + strata(celltype), veteran, dist = "loglogistic",
          control = tight))
cases$lung_weibull_weighted <- summarised(
  survreg(Surv(time, event) ~ age + sex + ecog, weighted, weights = w, control = tight))
cases$lung_logistic_weighted <- summarised(
  survreg(Surv(time, event) ~ age + sex, weighted, weights = w, dist = "logistic",
          control = tight))
cases$lung_weibull_offset <- summarised(
  survreg(Surv(time, event) ~ sex + offset(age / 50), lung, control = tight))
cases$lung_gaussian_offset <- summarised(
  survreg(Surv(time, event) ~ sex + offset(5 * age), lung, dist = "gaussian", control = tight))
cases$lung_weibull_no_intercept <- summarised(
  survreg(Surv(time, event) ~ 0 + sex + age, lung, control = tight))
cases$lung_lognormal_gaps <- summarised(
  survreg(Surv(time, event) ~ wt.loss + meal.cal, lung, dist = "lognormal", control = tight))
cases$rats_weibull <- summarised(
  survreg(Surv(time, status) ~ rx + sex, rats, control = tight))

# Robust errors.
cases$rats_weibull_cluster <- summarised(
  survreg(Surv(time, status) ~ rx + sex, rats, cluster = litter, control = tight))
cases$lung_loglogistic_cluster <- summarised(
  survreg(Surv(time, event) ~ age + sex, lung, dist = "loglogistic", cluster = inst,
          control = tight))
cases$lung_weibull_robust <- summarised(
  survreg(Surv(time, event) ~ age + sex, lung, robust = TRUE, control = tight))
cases$lung_exponential_cluster <- summarised(
  survreg(Surv(time, event) ~ age + sex, lung, dist = "exponential", cluster = inst,
          control = tight))

# Intervals: of visits, and of every kind together.
every <- visits
row <- seq_len(nrow(every))
every$hi <- ifelse(row %% 4 == 0 & every$status == 2, every$time, every$hi)
every$lo0 <- ifelse(row %% 4 == 0 & every$status == 2, every$time, every$lo0)
every$lo0 <- ifelse(row %% 5 == 0 & every$status == 2, NA, every$lo0)
every$lo0[!is.na(every$lo0) & every$lo0 == 0 & is.na(every$hi)] <- 1
for (d in c("weibull", "loglogistic", "lognormal", "exponential")) {
  cases[[paste0("lung_interval_", d)]] <- summarised(
    survreg(Surv(lo0, hi, type = "interval2") ~ age + sex + ecog, visits, dist = d,
            control = tight))
}
for (d in c("weibull", "lognormal", "loglogistic", "gaussian", "logistic")) {
  cases[[paste0("lung_every_kind_", d)]] <- summarised(
    survreg(Surv(lo0, hi, type = "interval2") ~ age + sex, every, dist = d, control = tight))
}
turnbull <- function(formula, data) {
  fit <- summary(survfit(formula, data))
  list(strata = if (is.null(fit$strata)) "all" else as.character(fit$strata),
       time = fit$time, surv = fit$surv)
}
cases$lung_interval_turnbull <- turnbull(Surv(lo0, hi, type = "interval2") ~ 1, visits)

# Predictions and residuals.
quantiles <- function(fit, newdata, p = c(0.1, 0.25, 0.5, 0.75)) {
  q <- predict(fit, newdata, type = "quantile", p = p, se.fit = TRUE)
  lp <- predict(fit, newdata, type = "lp", se.fit = TRUE)
  list(p = p, fit = c(t(q$fit)), se = c(t(q$se.fit)), lp = unname(lp$fit), lp_se = unname(lp$se.fit))
}
people <- data.frame(age = c(50, 70, 41), sex = c(1, 2, 2), ecog = c(0, 2, 1))
for (d in c("weibull", "lognormal", "loglogistic", "gaussian", "exponential")) {
  cases[[paste0("lung_quantiles_", d)]] <- quantiles(
    survreg(Surv(time, event) ~ age + sex + ecog, lung, dist = d, control = tight), people)
}
for (d in c("weibull", "loglogistic", "lognormal", "gaussian", "logistic")) {
  fit <- survreg(Surv(time, event) ~ age + sex + ecog, lung, dist = d, control = tight)
  cases[[paste0("lung_residuals_", d)]] <- list(
    response = unname(residuals(fit, "response")), deviance = unname(residuals(fit, "deviance")))
}
fit <- survreg(Surv(lo0, hi, type = "interval2") ~ age + sex, every, dist = "loglogistic",
               control = tight)
cases$lung_every_kind_residuals <- list(response = unname(residuals(fit, "response")),
                                        deviance = unname(residuals(fit, "deviance")))
save_cases(cases, "survreg", "survreg iterated to 1e-13; the last rows of vcov are Log(scale)")

# --- likelihoods that survreg does not have -----------------------------------------------------
# Each is written out and carried to its optimum by Newton steps with Richardson derivatives.
climb <- function(loglik, start) {
  fit <- suppressWarnings(optim(start, function(x) -loglik(x), method = "BFGS",
               control = list(reltol = 1e-14, maxit = 2000)))
  x <- fit$par
  for (i in 1:4) {
    H <- numDeriv::hessian(loglik, x)
    x <- x - solve(H, numDeriv::grad(loglik, x))
  }
  list(coef = unname(x), se = unname(sqrt(diag(solve(-numDeriv::hessian(loglik, x))))),
       loglik = loglik(x))
}
# Right-censored rows seen from `entry`, with log density f and log survival S of time.
right <- function(f, S, time, event, entry = NULL, w = 1) {
  late <- 0
  if (!is.null(entry)) late <- ifelse(entry > 0, S(pmax(entry, 1e-300)), 0)
  sum(w * (ifelse(event == 1, f(time), S(time)) - late))
}
likelihoods <- list()
X <- cbind(1, heart$age, heart$surgery)
for (d in c("weibull", "lognormal", "loglogistic")) {
  y <- function(t, eta, s) (log(t) - eta) / s
  parts <- list(
    weibull = list(f = function(z) z - exp(z), S = function(z) -exp(z)),
    lognormal = list(f = function(z) dnorm(z, log = TRUE),
                     S = function(z) pnorm(z, lower.tail = FALSE, log.p = TRUE)),
    loglogistic = list(f = function(z) dlogis(z, log = TRUE),
                       S = function(z) plogis(z, lower.tail = FALSE, log.p = TRUE)))[[d]]
  loglik <- function(x) {
    eta <- drop(X %*% x[1:3]); s <- exp(x[4])
    right(function(t) parts$f(y(t, eta, s)) - x[4] - log(t), function(t) parts$S(y(t, eta, s)),
          heart$stop, heart$event, heart$start)
  }
  likelihoods[[paste0("heart_late_entry_", d)]] <- climb(loglik, c(5, 0, 0, 0.5))
}
gompertz <- function(X, time, event, entry = NULL, w = 1) function(x) {
  p <- ncol(X); rate <- exp(drop(X %*% x[1:p])); a <- x[p + 1]
  S <- function(t) -rate * expm1(a * t) / a
  right(function(t) log(rate) + a * t + S(t), S, time, event, entry, w)
}
likelihoods$lung_gompertz <- climb(
  gompertz(cbind(1, lung$age, lung$sex), lung$time / 100, lung$event), c(-2, 0, 0, 0.1))
likelihoods$heart_late_entry_gompertz <- climb(
  gompertz(X, heart$stop / 100, heart$event, heart$start / 100), c(-1, 0, 0, -0.1))
prentice <- function(X, time, event, entry = NULL, w = 1) function(x) {
  p <- ncol(X); mu <- drop(X %*% x[1:p]); s <- exp(x[p + 1]); Q <- x[p + 2]; k <- Q^-2
  z <- function(t) Q * (log(t) - mu) / s
  f <- function(t) log(abs(Q)) + k * log(k) - lgamma(k) + k * (z(t) - exp(z(t))) - log(s * t)
  S <- function(t) pgamma(k * exp(z(t)), k, lower.tail = Q < 0, log.p = TRUE)
  right(f, S, time, event, entry, w)
}
likelihoods$lung_generalised_gamma <- climb(
  prentice(cbind(1, weighted$age, weighted$sex), weighted$time, weighted$event, w = weighted$w),
  c(6, 0, 0.3, -0.3, 0.9))
likelihoods$veteran_generalised_gamma <- climb(
  prentice(cbind(1, veteran$karno), veteran$time, veteran$status), c(2, 0.03, 0, 0.3))
gamma_model <- function(X, time, event, entry = NULL) function(x) {
  p <- ncol(X); scale <- exp(drop(X %*% x[1:p])); k <- exp(x[p + 1])
  right(function(t) dgamma(t, k, scale = scale, log = TRUE),
        function(t) pgamma(t, k, scale = scale, lower.tail = FALSE, log.p = TRUE),
        time, event, entry)
}
likelihoods$heart_late_entry_gamma <- climb(
  gamma_model(X, heart$stop, heart$event, heart$start), c(6, 0, 0.5, -0.7))

# Royston and Parmar: g = spline of log time plus X b; S by scale; dg/dlog t for the density.
basis <- function(x, knots) {
  low <- knots[1]; high <- knots[length(knots)]; cube <- function(u) pmax(u, 0)^3
  square <- function(u) 3 * pmax(u, 0)^2
  B <- cbind(1, x); D <- cbind(0, rep(1, length(x)))
  for (k in knots[-c(1, length(knots))]) {
    l <- (high - k) / (high - low)
    B <- cbind(B, cube(x - k) - l * cube(x - low) - (1 - l) * cube(x - high))
    D <- cbind(D, square(x - k) - l * square(x - low) - (1 - l) * square(x - high))
  }
  list(B = B, D = D)
}
spline_model <- function(X, time, event, df, scale, entry = NULL, changing = NULL) {
  log_S <- list(hazard = function(g) -exp(g),
                odds = function(g) plogis(g, lower.tail = FALSE, log.p = TRUE),
                normal = function(g) pnorm(g, lower.tail = FALSE, log.p = TRUE))[[scale]]
  log_f <- list(hazard = function(g) g - exp(g), odds = function(g) dlogis(g, log = TRUE),
                normal = function(g) dnorm(g, log = TRUE))[[scale]]
  knots <- unname(quantile(log(time[event == 1]), seq(0, 1, length.out = df + 1)))
  at <- function(t) {
    b <- basis(log(t), knots)
    B <- cbind(b$B, X); D <- cbind(b$D, 0 * X)
    if (!is.null(changing)) { B <- cbind(B, X[, changing] * log(t)); D <- cbind(D, X[, changing]) }
    list(B = B, D = D)
  }
  now <- at(time); before <- if (!is.null(entry)) at(pmax(entry, 1e-300))
  function(x) {
    g <- drop(now$B %*% x); d <- drop(now$D %*% x)
    if (any(d[event == 1] <= 0)) return(-1e10)
    late <- if (is.null(entry)) 0 else ifelse(entry > 0, log_S(drop(before$B %*% x)), 0)
    sum(ifelse(event == 1, log_f(g) + log(pmax(d, 1e-300)) - log(time), log_S(g)) - late)
  }
}
L <- cbind(lung$age - 60, lung$sex)
likelihoods$lung_spline_hazard_df3 <- climb(
  spline_model(L, lung$time, lung$event, 3, "hazard"), c(-7, 1, 0, 0, 0, 0))
likelihoods$lung_spline_odds_df2 <- climb(
  spline_model(L, lung$time, lung$event, 2, "odds"), c(-7, 1.2, 0, 0, 0))
likelihoods$lung_spline_normal_df3 <- climb(
  spline_model(L, lung$time, lung$event, 3, "normal"), c(-3.5, 0.5, 0, 0, 0, 0))
likelihoods$lung_spline_time_varying <- climb(
  spline_model(L, lung$time, lung$event, 3, "hazard", changing = 2), c(-7, 1, 0, 0, 0, 0, 0))
H <- cbind(heart$age, heart$surgery)
likelihoods$heart_late_entry_spline <- climb(
  spline_model(H, heart$stop, heart$event, 2, "hazard", entry = heart$start),
  c(-3, 0.6, 0, 0, 0))

# Mixture cure: log odds of never having the event, then the latency.
cure <- function(Z, X, time, event, family, w = 1) function(x) {
  q <- ncol(Z); p <- ncol(X); c0 <- plogis(drop(Z %*% x[1:q])); eta <- drop(X %*% x[q + 1:p])
  s <- exp(x[q + p + 1]); z <- (log(time) - eta) / s
  f <- if (family == "weibull") z - exp(z) else dnorm(z, log = TRUE)
  S <- if (family == "weibull") exp(-exp(z)) else pnorm(z, lower.tail = FALSE)
  sum(w * ifelse(event == 1, log(1 - c0) + f - log(s * time), log(c0 + (1 - c0) * S)))
}
Z <- cbind(1, colon$treated, colon$node4)
for (d in c("weibull", "lognormal")) {
  likelihoods[[paste0("colon_cure_", d)]] <- climb(
    cure(Z, cbind(1, colon$node4), colon$time, colon$status, d), c(-0.3, 0.5, -0.5, 6.5, -0.3, 0))
}
likelihoods$colon_cure_alone <- climb(
  cure(Z[, 1, drop = FALSE], Z[, 1, drop = FALSE], colon$time, colon$status, "weibull"),
  c(0, 6.5, 0))
save_cases(likelihoods, "likelihoods",
           "each likelihood written out and carried to its optimum; times of Gompertz in hundreds",
           c("survival", "numDeriv"))
