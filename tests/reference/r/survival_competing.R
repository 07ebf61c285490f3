# Writes values/survival/competing.json: cumulative incidence, Gray's test, Fine-Gray and
# cause-specific regression. Run from tests/reference; numbers carry 17 significant digits.
source("r/survival_setup.R")
suppressPackageStartupMessages({library(cmprsk); library(mets)})

# --- data, made from the stored files without chance --------------------------------------------
mgus <- read_data("mgus2_cr")
mgus$w <- 1 + mgus$id %% 4
mgus$site <- mgus$id %% 60
mgus$entry <- ifelse(mgus$id %% 3 == 0, pmin(mgus$id %% 20, mgus$etime - 1), 0)
mgus$three <- ifelse(mgus$ecode == 2 & mgus$age > 75, 3, mgus$ecode)
mgus$agegroup <- cut(mgus$age, c(0, 60, 70, 80, 200), labels = c("a", "b", "c", "d"))
mgus$male <- as.numeric(mgus$sex == "M")
pbc <- read_data("pbc")
pbc <- pbc[complete.cases(pbc[, c("age", "edema", "bili", "protime", "stage")]), ]
pbc$late <- pbc$stage > 3
# Every time its own: ties are where packages differ.
pbc$day <- pbc$time + (rank(pbc$id) / nrow(pbc)) / 2
pbc$start <- ifelse(pbc$id %% 3 == 0, pmin(20 * (pbc$id %% 17), pbc$day / 2), 0)
pbc$site <- pbc$id %% 40
tiny <- data.frame(time = c(1, 2, 2, 3, 4, 4), cause = c(1, 1, 2, 0, 2, 0), g = c(1, 1, 2, 2, 2, 1))

# --- Aalen-Johansen -----------------------------------------------------------------------------
curves <- function(fit, tau = NULL, w = NULL) {
  cause <- -1
  out <- list(strata = if (is.null(fit$strata)) "all" else rep(names(fit$strata), fit$strata),
              time = fit$time, n_risk = fit$n.risk[, 1], n_event = fit$n.event[, cause],
              event_free = fit$pstate[, 1], estimate = fit$pstate[, cause],
              event_free_error = fit$std.err[, 1], std_error = fit$std.err[, cause],
              conf_low = fit$lower[, cause], conf_high = fit$upper[, cause])
  if (!is.null(tau)) {
    out$tau <- tau
    out$lost <- summary(fit, rmean = tau)$table[, "rmean"]
    out$lost_error <- unlist(lapply(seq_len(max(1, length(fit$strata))), function(k) area_error(fit, k, tau, w)))
  }
  out
}
# The error of an area, from the influence of each person (or cluster) on its curve.
area_error <- function(fit, k, tau, w) {
  ends <- cumsum(if (is.null(fit$strata)) length(fit$time) else fit$strata)
  at <- (c(0, ends)[k] + 1):ends[k]
  U <- if (is.list(fit$influence.pstate)) fit$influence.pstate[[k]] else fit$influence.pstate
  if (!is.null(w)) U <- U * w[dimnames(U)[[1]]]
  U <- U[, (dim(U)[2] - length(at) + 1):dim(U)[2], , drop = FALSE]
  stopifnot(all.equal(c(sqrt(apply(U^2, 2:3, sum))), c(fit$std.err[at, ])))
  widths <- diff(pmin(c(fit$time[at], Inf), tau))
  sqrt(colSums(apply(U, c(1, 3), function(u) sum(u * widths))^2))
}
by_site <- function(fit, site) {
  fit$influence.pstate <- lapply(fit$influence.pstate, function(U) {
    sums <- apply(U, 2:3, function(u) tapply(u, site[dimnames(U)[[1]]], sum))
    unname(sums)
  })
  ends <- cumsum(fit$strata)
  for (k in seq_along(ends)) {
    at <- (c(0, ends)[k] + 1):ends[k]
    U <- fit$influence.pstate[[k]][, -1, ]
    fit$std.err[at, ] <- sqrt(apply(U^2, 2:3, sum))
  }
  p <- fit$pstate
  fit$lower <- ifelse(p > 0, p * exp(-qnorm(0.975) * fit$std.err / p), NA)
  fit$upper <- ifelse(p > 0, pmin(p * exp(qnorm(0.975) * fit$std.err / p), 1), NA)
  fit
}
cases <- list()
types <- c("log", "log-log", "plain", "logit")
status <- factor(mgus$ecode, 0:2)
for (type in types)
  cases[[paste0("survfit_", type)]] <-
    curves(survfit(Surv(etime, status) ~ 1, mgus, conf.type = type, id = id))
cases$survfit_sex <- curves(survfit(Surv(etime, status) ~ sex, mgus, id = id, conf.int = 0.9, influence = 1), 120)
cases$survfit_weights <- curves(survfit(Surv(etime, status) ~ sex, mgus, weights = w, id = id, influence = 1), 60,
                                setNames(mgus$w, mgus$id))
# survfit takes the errors of persons even with cluster=: here their influences are added up.
by_person <- survfit(Surv(etime, status) ~ sex, mgus, id = id, influence = 1)
cases$survfit_cluster <- curves(by_site(by_person, setNames(mgus$site, mgus$id)), 60)
cases$survfit_late <- curves(survfit(Surv(entry, etime, status) ~ 1, mgus, id = id, influence = 1), 100)
cases$survfit_three <- curves(survfit(Surv(etime, factor(three, 0:3)) ~ agegroup, mgus, id = id, influence = 1), 100)
cases$survfit_tiny <- curves(survfit(Surv(time, factor(cause, 0:2)) ~ 1, tiny, id = 1:6))

incidences <- function(fit, times) {
  at <- timepoints(fit, times)
  list(curve = rownames(at$est), times = times, estimate = t(at$est), variance = t(at$var))
}
gray <- function(fit) list(cause = rownames(fit$Tests), statistic = fit$Tests[, "stat"],
                           df = fit$Tests[, "df"], p_value = fit$Tests[, "pv"])
months <- c(1, 12, 60, 120, 240)
days <- c(200, 1000, 2000, 4000)
with(mgus, {
  cases$cuminc_all <<- incidences(cuminc(etime, ecode), months)
  cases$cuminc_three <<- incidences(cuminc(etime, three, agegroup), months)
  for (rho in c(-1, 0, 0.5, 1, 2)) {
    cases[[paste0("gray_sex_rho", rho)]] <<- gray(cuminc(etime, ecode, sex, rho = rho))
    cases[[paste0("gray_age_rho", rho)]] <<- gray(cuminc(etime, three, agegroup, rho = rho))
    cases[[paste0("gray_sex_strata_rho", rho)]] <<- gray(cuminc(etime, ecode, sex, agegroup, rho = rho))
  }
})
with(pbc, {
  cases$cuminc_pbc <<- incidences(cuminc(time, status, late), days)
  cases$gray_pbc_stage <<- gray(cuminc(time, status, stage))
  cases$gray_pbc_strata <<- gray(cuminc(day, status, late, sex))
})
cases$gray_tiny <- gray(cuminc(tiny$time, tiny$cause, tiny$g))

# --- Fine-Gray by crr ---------------------------------------------------------------------------
subdistribution <- function(time, cause, X, code, at = NULL, ...) {
  fit <- crr(time, cause, X, failcode = code, gtol = 1e-13, maxiter = 50, ...)
  # Its line search stops where it sees no gain, with scores of up to 1e-5: one more step.
  out <- list(coef = unname(fit$coef + c(solve(fit$inf, fit$score))), se = unname(sqrt(diag(fit$var))), vcov = unname(fit$var),
              log_lik = fit$loglik, log_lik_null = fit$loglik.null, event_time = fit$uftime,
              residual = fit$res)
  if (!is.null(at)) out$incidence <- unname(predict(fit, cov1 = at)[, -1])
  out
}
m <- mgus[complete.cases(mgus[, c("age", "sex", "hgb", "mspike")]), ]
M <- as.matrix(m[, c("age", "male", "hgb", "mspike")])
P <- as.matrix(pbc[, c("age", "edema", "bili", "protime")])
new <- rbind(c(60, 1, 12, 1), c(80, 0, 14, 2))
cases$crr_pcm <- subdistribution(m$etime, m$ecode, M, 1, new)
cases$crr_death <- subdistribution(m$etime, m$ecode, M, 2, new)
cases$crr_years <- subdistribution(ceiling(m$etime / 12), m$ecode, M, 1, new)
cases$crr_one <- subdistribution(mgus$etime, mgus$three, cbind(mgus$male), 3, cbind(c(0, 1)))
cases$crr_pbc_transplant <- subdistribution(pbc$time, pbc$status, P, 1)
cases$crr_pbc_death <- subdistribution(pbc$time, pbc$status, P, 2)
cases$crr_censoring_by <- subdistribution(pbc$day, pbc$status, P, 2, cengroup = pbc$late)
# A weight of two is a row twice.
again <- rep(seq_len(nrow(mgus)), mgus$w)
cases$crr_repeated <- with(mgus[again, ], subdistribution(etime, ecode, cbind(age, male), 1))

# --- Fine-Gray by expanded rows; times without ties ---------------------------------------------
expanded <- function(rows, formula, cluster = "id") {
  rows$cl <- rows[[cluster]]
  fit <- coxph(formula, rows, weights = fgwt, ties = "breslow", robust = TRUE, cluster = cl,
               control = exactly)
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), log_lik = fit$loglik[2])
}
hazard <- Surv(fgstart, fgstop, fgstatus) ~ age + edema + bili + protime
columns <- c("id", "day", "status", "start", "age", "edema", "bili", "protime", "late", "site")
p <- pbc[, columns]
p$status <- factor(p$status, 0:2)
options(warn = -1)
rows <- finegray(Surv(day, status) ~ ., p, etype = 2)
cases$finegray_known <- expanded(rows, hazard)
cases$finegray_known_cluster <- expanded(rows, hazard, "site")
cases$finegray_strata <- expanded(rows, update(hazard, . ~ . + strata(late)))
rows <- finegray(Surv(start, day, status) ~ ., p, etype = 1, id = id)
cases$finegray_late <- expanded(rows, hazard)
rows <- finegray(Surv(start, day, status) ~ ., p, etype = 2, id = id)
cases$finegray_late_death <- expanded(rows, hazard)
options(warn = 1)

# --- Fine-Gray with clusters, the estimated weights counted in ----------------------------------
clustered <- function(formula) {
  fit <- cifreg(formula, data = pbc, cause = 2, propodds = NULL)
  list(coef = unname(coef(fit)), se = unname(fit$se.coef))
}
cases$mets_rows <- clustered(Event(day, status) ~ age + edema + bili + protime)
cases$mets_cluster <- clustered(Event(day, status) ~ age + edema + bili + protime + cluster(site))

# --- cause-specific hazards ---------------------------------------------------------------------
both <- function(right, data, time, cluster = NULL, ties = "efron") {
  answer <- function(k) {
    formula <- as.formula(paste0("Surv(", time, ", ecode == ", k, ") ~ ", right))
    fit <- if (is.null(cluster)) coxph(formula, data, ties = ties, control = exactly)
           else coxph(formula, transform(data, cl = data[[cluster]]), ties = ties, cluster = cl,
                      control = exactly)
    list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), log_lik = fit$loglik)
  }
  list("1" = answer(1), "2" = answer(2))
}
right <- "age + male + hgb + mspike"
cases$cause_specific <- both(right, m, "etime")
cases$cause_specific_breslow <- both(right, m, "etime", ties = "breslow")
cases$cause_specific_strata_cluster <-
  both("age + hgb + mspike + strata(sex)", m, "etime", "site")
cases$cause_specific_late <- both(right, m, "entry, etime")
m$state <- factor(m$ecode, 0:2)
joint <- coxph(Surv(etime, state) ~ age + male + hgb + mspike, m, id = id, ties = "breslow",
               control = exactly)
new <- data.frame(age = c(60, 80), male = c(1, 0), hgb = c(12, 14), mspike = c(1, 2))
predicted <- survfit(joint, newdata = new)
at <- findInterval(months, predicted$time)
cases$joint <- list(times = months, incidence = lapply(1:2, function(row) predicted$pstate[at, row, 2:3]))

save_cases(cases, "competing", packages = c("survival", "cmprsk", "mets"), note = paste(
  "survfit: SE by infinitesimal jackknife. crr: gtol 1e-13; its SE with cengroup sums over the",
  "events of the own group only and is not compared. finegray: times without ties."))
