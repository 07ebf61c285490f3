# Writes values/survival/frailty_gamma.json and values/survival/frailty_laplace.json.
source("r/survival_setup.R")

tight <- coxph.control(eps = 1e-13, iter.max = 200, outer.max = 60, toler.chol = 1e-15)
rats <- read_data("rats")
female <- rats[rats$sex == "f", ]
kidney <- read_data("kidney")
lung <- read_data("lung")
cgd <- read_data("cgd")
cgd$linked <- 1 * (cgd$inherit == "X-linked")
cgd$treated <- 1 * (cgd$treat == "rIFN-g")
course <- read_data("course")
course$online <- 1 * (course$mode == "online")
course$copies <- 1 + (course$id %% 3)
repeated <- course[rep(seq_len(nrow(course)), course$copies), ]

# --- gamma frailties ------------------------------------------------------------------------
# R's sparse steps converge slowly and stop early, so estimates come from the fit with the whole
# curvature, and what R reports with the sparse one from as many steps as change anything.
endless <- coxph.control(eps = 1e-17, iter.max = 3000, toler.chol = 1e-15)
gamma_fit <- function(build, theta) {
  exact <- build(theta, FALSE, tight)
  fit <- build(theta, TRUE, endless)
  p <- length(coef(fit))
  own <- seq_len(p)
  frail <- unname(coef(exact)[setdiff(seq_along(coef(exact)), own)])
  list(terms = names(coef(fit)), coef = unname(coef(exact)[own]),
       se = if (p) sqrt(diag(fit$var)), se2 = if (p) sqrt(diag(fit$var2)),
       se_full = if (p) sqrt(diag(exact$var))[own], theta = theta,
       loglik_null = fit$loglik[1], loglik_partial = exact$loglik[2],
       i_loglik = exact$history[[1]]$c.loglik, df = unname(fit$df), frail = frail,
       fvar = unname(fit$fvar), n = fit$n, nevent = fit$nevent)
}
# The variance is found by maximising R's own I-likelihood, with the fit at each variance exact;
# the fit pinned is the one at that variance.
gamma_case <- function(build) {
  value <- function(x) build(exp(x), FALSE, tight)$history[[1]]$c.loglik
  best <- optimise(value, log(c(1e-3, 20)), maximum = TRUE, tol = 1e-9)
  gamma_fit(build, signif(exp(best$maximum), 6))
}
# Each case is a function of the variance, of whether R's curvature is sparse, and of the control.
frailty_of <- function(response, right, group, data, ..., weights = NULL) {
  function(v, s, how) {
    term <- paste0("frailty(", group, ", theta = ", format(v, digits = 17), ", sparse = ", s, ")")
    text <- paste(response, "~", right, "+", term)
    data$case_weight <- if (is.null(weights)) 1 else weights
    coxph(as.formula(text), data, weights = case_weight, robust = FALSE, control = how, ...)
  }
}
right_censored <- "Surv(time, status)"
episodes <- "Surv(tstart, tstop, status)"
left <- "Surv(time, event)"
kidneys <- function(...) frailty_of(right_censored, "age + sex", "id", kidney, ...)
litters <- function(...) frailty_of(right_censored, "rx", "litter", female, ...)
cases <- list(
  kidney = gamma_case(kidneys()),
  kidney_breslow = gamma_case(kidneys(ties = "breslow")),
  kidney_disease_theta_0.001 = gamma_fit(
    frailty_of(right_censored, "age + sex + disease", "id", kidney), 0.001),
  kidney_alone = gamma_case(frailty_of(right_censored, "1", "id", kidney)),
  rats = gamma_case(litters()),
  rats_breslow = gamma_case(litters(ties = "breslow")),
  rats_strata = gamma_case(frailty_of(right_censored, "rx + strata(sex)", "litter", rats)),
  cgd_episodes = gamma_case(frailty_of(episodes, "treated + age + linked", "id", cgd)),
  cgd_offset = gamma_case(frailty_of(episodes, "treated + offset(weight / 50)", "id", cgd)),
  course_late = gamma_case(
    frailty_of("Surv(entry, time, event)", "online + nonres + imd", "group_id", course)),
  course_facilitator = gamma_case(
    frailty_of(left, "online + strata(nonres)", "facilitator", course)),
  course_repeated = gamma_case(
    frailty_of(left, "online + nonres", "group_id", repeated, ties = "breslow")),
  kidney_theta_0.5 = gamma_fit(kidneys(), 0.5),
  rats_theta_2 = gamma_fit(litters(), 2),
  lung_theta_0.01 = gamma_fit(frailty_of(right_censored, "age + sex", "inst", lung), 0.01),
  course_weights_theta_0.4 = gamma_fit(
    frailty_of(left, "online + imd", "group_id", course, weights = course$w), 0.4))
save_cases(cases, "frailty_gamma", paste(
  "gamma frailties: theta maximises R's I-likelihood (optimise, tol 1e-9 in log theta), rounded",
  "to six digits; the rest is R's fit at that theta. i_loglik of the weighted case is R's, which",
  "counts events without their weights"))

# --- normal effects: Laplace by hand from R's penalised fits -----------------------------------
# b = Lambda u, u standard normal: a ridge penalty of theta = 1 on the columns Z Lambda is that of
# u, and R's inverse information of a penalised fit holds the curvature of u.
indicators <- function(g) {
  g <- factor(g)
  outer(as.integer(g), seq_along(levels(g)), "==") * 1
}
laplace_at <- function(response, X, U, data, extra = "", ...) {
  frame <- data
  frame$X <- X
  frame$U <- U
  text <- paste(response, "~ X + ridge(U, theta = 1, scale = FALSE)", extra)
  fit <- coxph(as.formula(text), frame, control = tight, ...)
  p <- ncol(X)
  u <- coef(fit)[-seq_len(p)]
  penalised <- fit$loglik[2] - sum(u^2) / 2
  H <- solve(fit$var)[-seq_len(p), -seq_len(p)]
  list(coef = unname(coef(fit)[seq_len(p)]), se = unname(sqrt(diag(fit$var)[seq_len(p)])),
       u = unname(u), loglik_null = fit$loglik[1], loglik_partial = fit$loglik[2],
       loglik_penalised = penalised,
       loglik_integrated = penalised - as.numeric(determinant(H)$modulus) / 2,
       loglik_diagonal = penalised - sum(log(diag(H))) / 2)
}
laplace_case <- function(columns, start, ..., lower = 0.01) {
  value <- function(theta) laplace_at(U = columns(theta), ...)$loglik_integrated
  if (length(start) == 1) {
    best <- optimise(value, c(lower, 3), maximum = TRUE, tol = 1e-8)
    theta <- best$maximum
  } else {
    best <- optim(start, function(theta) -value(theta), method = "Nelder-Mead",
                  control = list(reltol = 1e-14, maxit = 4000))
    theta <- best$par
  }
  theta <- signif(theta, 7)
  c(list(theta = theta), laplace_at(U = columns(theta), ...))
}
intercept <- function(g) {
  Z <- indicators(g)
  function(theta) Z * theta[1]
}
both <- function(a, b) {
  A <- indicators(a)
  B <- indicators(b)
  function(theta) cbind(A * theta[1], B * theta[2])
}
slope <- function(g, x) {
  Z <- indicators(g)
  # theta column by column of the lower triangle: both loadings of u1, then that of u2
  function(theta) cbind(Z * (theta[1] + theta[2] * x), Z * x * theta[3])
}
one <- function(data, ...) as.matrix(data[, c(...), drop = FALSE])
few <- course[course$facilitator <= 8, ]
few$known <- few$known - mean(few$known)
laplace <- list(
  kidney = laplace_case(intercept(kidney$id), 0.5, response = "Surv(time, status)",
                        X = one(kidney, "age", "sex"), data = kidney),
  kidney_breslow = laplace_case(intercept(kidney$id), 0.5, response = "Surv(time, status)",
                                X = one(kidney, "age", "sex"), data = kidney,
                                ties = "breslow"),
  rats = laplace_case(intercept(female$litter), 0.5, response = "Surv(time, status)",
                      X = one(female, "rx"), data = female),
  course_group = laplace_case(intercept(course$group_id), 0.5, response = "Surv(time, event)",
                              X = one(course, "online", "nonres"), data = course),
  course_late = laplace_case(intercept(course$group_id), 0.5,
                             response = "Surv(entry, time, event)",
                             X = one(course, "online", "imd"), data = course),
  course_strata = laplace_case(intercept(course$facilitator), 0.5,
                               response = "Surv(time, event)", X = one(course, "online"),
                               data = course, extra = "+ strata(nonres)"),
  course_weights = laplace_case(intercept(course$group_id), 0.5,
                                response = "Surv(time, event)",
                                X = one(course, "online", "imd"), data = course,
                                weights = course$w, robust = FALSE),
  course_offset = laplace_case(intercept(course$facilitator), 0.5,
                               response = "Surv(time, event)", X = one(course, "online"),
                               data = course, extra = "+ offset(known)"),
  course_crossed = laplace_case(both(course$facilitator, course$group_id), c(0.3, 0.5),
                                response = "Surv(time, event)", X = one(course, "online"),
                                data = course),
  course_slope = laplace_case(slope(course$facilitator, course$known), c(0.4, 0.1, 0.3),
                              response = "Surv(time, event)", X = one(course, "nonres"),
                              data = course))
save_cases(laplace, "frailty_laplace", paste(
  "normal effects: theta (covariance parameters) maximises Laplace's approximation worked out",
  "from R's penalised fits with the whole curvature, by optimise or Nelder-Mead, rounded to",
  "seven digits; the rest is at that theta. loglik_diagonal leaves out what levels share"))
