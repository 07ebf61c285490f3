# Writes values/survival/discrete_{glm,robust,mixed,competing,standard}.json and
# data/survival/course.csv: hazards by session.
source("r/survival_setup.R")
suppressPackageStartupMessages({
  library(glmmTMB); library(lme4); library(nnet); library(sandwich); library(clubSandwich); library(brglm2)
  library(numDeriv); library(splines)
})
tight <- glm.control(epsilon = 1e-13, maxit = 200)

# --- a course of six sessions in 60 groups, mode by group, some seen from a later session -----
set.seed(20240612)
course <- local({
  n <- 480
  d <- data.frame(id = 1:n, group_id = rep(1:60, each = 8))
  d$facilitator <- rep(sample(1:15, 60, replace = TRUE), each = 8)
  d$mode <- rep(sample(c("in_person", "online"), 60, replace = TRUE), each = 8)
  d$nonres <- rbinom(n, 1, 0.28)
  d$imd <- sample(1:10, n, replace = TRUE)
  d$w <- round(runif(n, 0.5, 2), 2)
  d$known <- round(rnorm(n, 0, 0.2), 3)
  d$entry <- ifelse(runif(n) < 0.15, sample(1:3, n, replace = TRUE), 0)
  u <- rnorm(60, 0, 0.6)[d$group_id] + rnorm(15, 0, 0.3)[d$facilitator]
  base <- qlogis(c(0.14, 0.11, 0.09, 0.08, 0.07))
  d$time <- 6; d$cause <- "open"
  for (k in 1:5) {
    p <- plogis(base[k] + 0.4 * d$nonres - 0.3 * (d$mode == "online") - 0.05 * d$imd + u)
    gone <- d$time == 6 & d$cause == "open" & k > d$entry & runif(n) < p
    d$time[gone] <- k
    d$cause[gone] <- sample(c("practical", "lost_contact", "not_right"), sum(gone), TRUE,
                            c(0.5, 0.3, 0.2))
  }
  cut <- d$cause == "open" & runif(n) < 0.1
  d$time[cut] <- pmax(d$entry[cut] + 1, sample(2:5, sum(cut), TRUE))
  d$event <- as.integer(d$cause != "open")
  d$imd[c(17, 230, 401)] <- NA
  d
})
write.csv(course, "data/survival/course.csv", row.names = FALSE, na = "", quote = FALSE)

sessions <- function(d) {
  rows <- rep(seq_len(nrow(d)), d$time - d$entry)
  long <- d[rows, ]
  long$session <- sequence(d$time - d$entry) + d$entry[rows]
  is_last <- long$session == d$time[rows]
  long$event <- ifelse(is_last, long$event, 0L)
  long$cause <- ifelse(is_last, long$cause, "open")
  long
}
lung <- read_data("lung_discrete")
names(lung)[names(lung) == "ph.ecog"] <- "ecog"
lung <- transform(lung, time = period, event = ev, entry = 0, cause = "open")
L <- sessions(lung); C <- sessions(course)
L$session <- factor(L$session); C$s <- C$session; C$session <- factor(C$session)
course5 <- subset(C, s < 6)          # nobody leaves at session 6
course5$session <- droplevels(course5$session)
course5$slope <- (course5$mode == "online") * course5$s

# --- generalised linear models ------------------------------------------------------------
describe <- function(m) list(terms = names(na.omit(coef(m))), coef = unname(na.omit(coef(m))),
  vcov = unname(vcov(m, complete = FALSE)), loglik = as.numeric(logLik(m)), n = nobs(m))
# glm's covariance is that of the step before the last, and scoring is slow
# under the cloglog link, so further fits start at the end of the one before.
glm_of <- function(f, data, link, weighted = FALSE) {
  data$prior <- if (weighted) data$w else 1
  assign(".data", data, envir = globalenv())
  fit <- function(start) {
    suppressWarnings(glm(f, binomial(link), .data, weights = prior, control = tight, start = start))
  }
  found <- fit(NULL)
  for (again in 1:6) found <- fit(coef(found))
  found
}
glms <- list()
for (link in c("logit", "cloglog")) {
  add <- function(name, m) glms[[paste(name, link, sep = "_")]] <<- describe(m)
  add("lung_null", glm_of(event ~ session, L, link))
  add("lung_full", glm_of(event ~ session + age + sex + ecog, L, link))
  add("lung_constant", glm_of(event ~ age, L, link))
  add("lung_no_intercept", glm_of(event ~ 0 + session + age, L, link))
  add("lung_number", glm_of(event ~ as.integer(session) + sex, L, link))
  add("course_late", glm_of(event ~ session + mode + nonres + imd, course5, link))
  add("course_interaction", glm_of(event ~ session * mode + imd, course5, link))
  add("course_slopes", glm_of(event ~ session + mode + slope + nonres:imd, course5, link))
  add("course_offset", glm_of(event ~ session + mode + offset(known), course5, link))
  add("course_poly", glm_of(event ~ poly(s, 2, raw = TRUE) + mode, course5, link))
  add("course_log", glm_of(event ~ log(s) + log(imd) + mode, course5, link))
  spline <- glm_of(event ~ bs(s, df = 4) + mode, course5, link)
  glms[[paste0("course_spline_", link)]] <- list(
    mode = unname(coef(spline)["modeonline"]), se = sqrt(vcov(spline)["modeonline", "modeonline"]),
    loglik = as.numeric(logLik(spline)))
  m <- glm_of(event ~ session + mode + nonres, course5, link, weighted = TRUE)
  d <- course5
  p <- fitted(m)
  glms[[paste0("course_weights_", link)]] <- list(terms = names(coef(m)), coef = unname(coef(m)),
    vcov = unname(vcov(m)), loglik = sum(d$w * dbinom(d$event, 1, p, log = TRUE)), n = nobs(m))
  firth <- function(f, data) {
    m <- glm(f, binomial(link), data, method = "brglmFit", type = "AS_mean", epsilon = 1e-13,
             maxit = 1000)
    list(terms = names(coef(m)), coef = unname(coef(m)), vcov = unname(vcov(m)))
  }
  glms[[paste0("firth_lung_", link)]] <- firth(event ~ session + age + sex + ecog, L)
  glms[[paste0("firth_separated_", link)]] <- firth(event ~ session + mode + nonres, C)
  m <- glm_of(event ~ session + age + sex + ecog, L, link)
  new <- data.frame(age = c(55, 70), sex = c(2, 1), ecog = c(0, 2))
  one <- function(i, S) {
    rows <- cbind(new[rep(i, 8), ], session = factor(1:8))
    at <- model.matrix(~ session + age + sex + ecog, rows)
    lp <- predict(m, rows, se.fit = TRUE)
    inv <- binomial(link)$linkinv
    survival <- function(b) cumprod(1 - inv(at %*% b))
    loglog <- function(b) log(-log(survival(b)))
    J <- jacobian(loglog, coef(m)); se <- sqrt(diag(J %*% vcov(m) %*% t(J)))
    JS <- jacobian(survival, coef(m))
    centre <- loglog(coef(m)); z <- qnorm(0.975)
    list(hazard = unname(inv(lp$fit)), hazard_low = unname(inv(lp$fit - z * lp$se.fit)),
         hazard_high = unname(inv(lp$fit + z * lp$se.fit)), survival = survival(coef(m)),
         survival_se = sqrt(diag(JS %*% vcov(m) %*% t(JS))),
         survival_low = exp(-exp(centre + z * se)), survival_high = exp(-exp(centre - z * se)))
  }
  glms[[paste0("predict_lung_", link)]] <- list(first = one(1), second = one(2))
}
save_cases(glms, "discrete_glm", "", c("brglm2", "numDeriv"))

# --- cluster-robust -----------------------------------------------------------------------
robust <- list()
clustered <- function(m, cluster) {
  found <- list(terms = names(coef(m)))
  for (type in c("CR0", "CR1", "CR1S", "CR2")) {
    V <- vcovCR(m, cluster = cluster, type = type)
    found[[type]] <- matrix(as.numeric(V), nrow(V))
    if (type == "CR2") {
      test <- coef_test(m, vcov = V, test = "Satterthwaite")
      found$df <- test$df_Satt; found$p <- test$p_Satt
    }
  }
  found
}
for (link in c("logit", "cloglog")) {
  lung_full <- subset(L, complete.cases(age, sex, ecog, inst))
  robust[[paste0("lung_", link)]] <-
    clustered(glm_of(event ~ session + age + sex + ecog, lung_full, link), lung_full$inst)
  full <- subset(course5, !is.na(imd))
  robust[[paste0("course_", link)]] <-
    clustered(glm_of(event ~ session + mode + nonres + imd, full, link), full$group_id)
  robust[[paste0("course_few_", link)]] <-
    clustered(glm_of(event ~ session + mode, full, link), full$facilitator)
  robust[[paste0("course_offset_", link)]] <-
    clustered(glm_of(event ~ session + mode + offset(known), full, link), full$group_id)
  robust[[paste0("course_poly_", link)]] <-
    clustered(glm_of(event ~ poly(s, 2, raw = TRUE) * mode, full, link), full$group_id)
  m <- glm_of(event ~ session + mode, full, link, weighted = TRUE)
  robust[[paste0("course_weights_", link)]] <- clustered(m, full$group_id)
  m <- glm_of(event ~ session + mode + nonres, full, link)
  two <- vcovCL(m, cluster = full[, c("group_id", "facilitator")], type = "HC0",
                cadjust = FALSE)
  robust[[paste0("two_way_", link)]] <- list(terms = names(coef(m)), CR0 = unname(two))
}
save_cases(robust, "discrete_robust", "Clusters of course.csv: group_id, facilitator (few).",
           c("clubSandwich", "sandwich"))

# --- random effects -----------------------------------------------------------------------
mixed <- list()
laplace <- function(f, link) {
  fit <- glmmTMB(f, course5, binomial(link))
  par <- fit$fit$par
  for (step in 1:6) {
    H <- jacobian(fit$obj$gr, par)
    par <- par - solve(H, c(fit$obj$gr(par)))
  }
  se <- sqrt(diag(solve(jacobian(fit$obj$gr, par))))
  is_beta <- names(fit$fit$par) == "beta"
  list(coef = unname(par[is_beta]), se = unname(se[is_beta]), sd = unname(exp(par[!is_beta])),
       loglik = -as.numeric(fit$obj$fn(par)))
}
quadrature <- function(f, link, nodes) {
  m <- suppressWarnings(glmer(f, course5, binomial(link), nAGQ = nodes, control = glmerControl(
    optimizer = "bobyqa", tolPwrss = 1e-13, optCtrl = list(maxfun = 1e5, rhoend = 1e-8))))
  at <- c(getME(m, "theta"), fixef(m))
  se <- sqrt(diag(solve(hessian(update(m, devFunOnly = TRUE), unname(at)) / 2)))
  list(coef = unname(fixef(m)), se = unname(se[-1]), sd = unname(at[1]),
       loglik = as.numeric(logLik(m)))
}
for (link in c("logit", "cloglog")) {
  f <- event ~ session + mode + nonres + (1 | group_id)
  mixed[[paste0("group_laplace_", link)]] <- laplace(f, link)
  mixed[[paste0("group_agq15_", link)]] <- quadrature(f, link, 15)
  mixed[[paste0("crossed_", link)]] <-
    laplace(event ~ session + mode + nonres + (1 | group_id) + (1 | facilitator), link)
}
save_cases(mixed, "discrete_mixed", "Laplace: glmmTMB with Newton steps; agq15: lme4.",
           c("glmmTMB", "lme4"))

# --- several causes -----------------------------------------------------------------------
competing <- list()
newton <- function(X, y, causes, cluster, w = rep(1, nrow(X))) {
  R <- length(causes); p <- ncol(X)
  Y <- sapply(causes, function(cause) as.numeric(y == cause))
  start <- multinom(factor(y, c("open", causes)) ~ 0 + X, weights = w, trace = FALSE, maxit = 500,
                    reltol = 1e-14)
  beta <- c(t(coef(start)))
  for (step in 1:20) {
    eta <- X %*% matrix(beta, p); P <- exp(eta) / (1 + rowSums(exp(eta)))
    U <- do.call(cbind, lapply(1:R, function(r) w * X * (Y[, r] - P[, r])))
    I <- matrix(0, R * p, R * p)
    for (r in 1:R) for (s in 1:R)
      I[(r - 1) * p + 1:p, (s - 1) * p + 1:p] <-
        crossprod(X, w * P[, r] * ((r == s) - P[, s]) * X)
    beta <- beta + solve(I, colSums(U))
  }
  M <- solve(I); meat <- crossprod(rowsum(U, cluster)); m <- length(unique(cluster))
  rest <- 1 - rowSums(P)
  loglik <- sum(w * log(ifelse(y == "open", rest, rowSums(P * Y))))
  list(coef = beta, vcov = M, CR0 = M %*% meat %*% M, CR1 = M %*% meat %*% M * m / (m - 1),
       loglik = loglik, multinom = as.numeric(logLik(start)))
}
full <- subset(course5, !is.na(imd))
causes <- c("practical", "lost_contact", "not_right")
X <- model.matrix(~ session + mode + imd, full)
case <- newton(X, full$cause, causes, full$group_id)
incidence <- function(beta) {
  at <- cbind(1, rbind(0, diag(4)), 1, 3)
  eta <- at %*% matrix(beta, ncol(X)); P <- exp(eta) / (1 + rowSums(exp(eta)))
  S <- c(1, cumprod(1 - rowSums(P)))[1:5]
  c(apply(S * P, 2, cumsum), S * (1 - rowSums(P)))
}
J <- jacobian(incidence, case$coef)
competing$joint <- c(list(causes = causes, terms = colnames(X)), case, list(
  incidence = incidence(case$coef), incidence_se = sqrt(diag(J %*% case$vcov %*% t(J))),
  incidence_se_robust = sqrt(diag(J %*% case$CR0 %*% t(J)))))
slopes <- model.matrix(~ s + nonres, full)
competing$slopes_weighted <- c(list(causes = causes, terms = colnames(slopes)),
                               newton(slopes, full$cause, causes, full$facilitator, full$w))
for (cause in causes) {
  part <- full[full$cause %in% c("open", cause), ]
  part$event <- as.integer(part$cause == cause)
  competing[[paste0("separate_", cause)]] <-
    describe(glm_of(event ~ session + mode + imd, part, "logit"))
}
save_cases(competing, "discrete_competing", "Newton steps from nnet's answer.", "nnet")

# --- survival standardised over people ----------------------------------------------------
standard <- list()
for (link in c("logit", "cloglog")) {
  full <- subset(course5, !is.na(imd))
  m <- glm_of(event ~ session + mode + nonres + imd, full, link)
  people <- full[!duplicated(full$id), ]
  inv <- binomial(link)$linkinv
  each <- function(b, level) {
    S <- sapply(1:5, function(k) {
      at <- cbind(1, matrix(as.numeric(2:5 == k), nrow(people), 4, byrow = TRUE),
                  as.numeric(level == "online"), people$nonres, people$imd)
      1 - inv(at %*% b)
    })
    t(apply(S, 1, cumprod))
  }
  means <- function(b) c(colMeans(each(b, "in_person")), colMeans(each(b, "online")))
  J <- jacobian(means, coef(m))
  apart <- cbind(each(coef(m), "in_person"), each(coef(m), "online"))
  apart <- sweep(apart, 2, colMeans(apart)) / nrow(people)
  s <- rowsum(estfun(m), full$group_id) %*% vcov(m) %*% t(J)
  psi <- s + rowsum(apart, people$group_id)[rownames(s), ]
  D <- cbind(-diag(5), diag(5))
  S <- means(coef(m)); V <- crossprod(psi)
  persons <- J %*% vcov(m) %*% t(J) + crossprod(apart)
  ratio <- cbind(-diag(1 / S[1:5]), diag(1 / S[6:10]))
  standard[[link]] <- list(
    estimate = S, se_CR0 = sqrt(diag(V)), difference_se_CR0 = sqrt(diag(D %*% V %*% t(D))),
    log_ratio_se_CR0 = sqrt(diag(ratio %*% V %*% t(ratio))),
    se_persons = sqrt(diag(persons)), difference_se_persons = sqrt(diag(D %*% persons %*% t(D))))
}
save_cases(standard, "discrete_standard", "Influence functions by cluster, written out.",
           c("sandwich", "numDeriv"))
