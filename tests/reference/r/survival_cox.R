# Writes values/survival/cox.json: Cox models by every treatment of ties, weights and errors.
source("r/survival_setup.R")

told <- function(fit, hazard = FALSE) {
  robust <- !is.null(fit$naive.var)
  model <- if (robust) fit$naive.var else fit$var
  kept <- !is.na(fit$coefficients)
  found <- list(
    n = fit$n, n_event = fit$nevent, terms = names(fit$coefficients)[kept],
    coef = unname(fit$coefficients[kept]),
    se = sqrt(diag(model))[kept], vcov = model[kept, kept, drop = FALSE],
    loglik_null = fit$loglik[1], loglik = fit$loglik[length(fit$loglik)],
    score_test = fit$score, wald_test = unname(fit$wald.test),
    concordance = unname(fit$concordance[c("concordance", "std")]))
  if (robust) {
    found$robust_se <- sqrt(diag(fit$var))[kept]
    found$robust_vcov <- fit$var[kept, kept, drop = FALSE]
    found$robust_score <- fit$rscore
  }
  if (hazard) {
    base <- basehaz(fit, centered = FALSE)
    found$hazard <- base$hazard
    found$time <- base$time
    if (!is.null(base$strata)) found$strata <- as.character(base$strata)
  }
  found
}
cases <- list()
add <- function(name, fit, ...) cases[[name]] <<- told(fit, ...)

lung <- read_data("lung")
lung$event <- lung$status - 1
lung$w <- read_data("lung_w")$w
lung$month <- 30 * ceiling(lung$time / 30)
lung$quarter <- 90 * ceiling(lung$time / 90)
lung$entry <- 30 * floor(lung$time / 120)
lung$ph_ecog <- lung$ph.ecog
lung$band <- seq_len(nrow(lung)) %% 30
lung <- lung[complete.cases(lung[, c("age", "sex", "ph_ecog")]), ]
three <- Surv(time, event) ~ age + sex + ph_ecog
for (ties in c("efron", "breslow", "exact"))
  add(paste0("lung_", ties), coxph(three, lung, ties = ties, control = exactly),
      hazard = ties != "exact")
known <- lung[!is.na(lung$inst), ]
add("lung_robust", coxph(three, lung, robust = TRUE, control = exactly))
add("lung_robust_breslow", coxph(three, lung, robust = TRUE, ties = "breslow", control = exactly))
add("lung_cluster", coxph(three, known, cluster = inst, control = exactly))
for (ties in c("efron", "breslow")) {
  add(paste0("lung_weighted_", ties),
      coxph(three, lung, weights = w, robust = FALSE, ties = ties, control = exactly),
      hazard = TRUE)
  add(paste0("lung_weighted_robust_", ties),
      coxph(three, lung, weights = w, robust = TRUE, ties = ties, control = exactly))
  late <- Surv(entry, month, event) ~ age + ph_ecog + strata(sex)
  add(paste0("lung_late_", ties),
      coxph(late, lung, weights = w, robust = FALSE, ties = ties, control = exactly),
      hazard = TRUE)
  add(paste0("lung_late_cluster_", ties),
      coxph(late, known, weights = w, cluster = inst, ties = ties, control = exactly))
  add(paste0("lung_quarters_cluster_", ties),
      coxph(Surv(quarter, event) ~ age + sex + ph_ecog, known, cluster = inst, ties = ties,
            control = exactly))
  add(paste0("lung_offset_", ties),
      coxph(Surv(month, event) ~ age + offset(0.3 * ph_ecog) + sex, lung, ties = ties,
            control = exactly))
}
add("lung_exact_strata", coxph(Surv(month, event) ~ age + ph_ecog + strata(sex), lung,
                               ties = "exact", control = exactly))
add("lung_exact_late", coxph(Surv(entry, month, event) ~ age + sex + ph_ecog, lung[1:60, ],
                             ties = "exact", control = exactly))
add("lung_exact_offset", coxph(Surv(quarter, event) ~ age + offset(0.3 * ph_ecog), lung,
                               ties = "exact", control = exactly))
add("lung_aliased", coxph(Surv(time, event) ~ age + sex + ph_ecog + strata(sex), lung,
                          control = exactly))

# Two ways: the sum of both robust covariances less that of their intersection.
both <- known
both$crossed <- 1000 * both$inst + both$band
one <- coxph(three, both, cluster = inst, control = exactly)
two <- told(one)
two$robust_vcov <- one$var + coxph(three, both, cluster = band, control = exactly)$var -
  coxph(three, both, cluster = crossed, control = exactly)$var
two$robust_se <- sqrt(diag(two$robust_vcov))
two$robust_score <- NULL
two$wald_test <- drop(two$coef %*% solve(two$robust_vcov, two$coef))
cases$lung_two_way <- two

veteran <- read_data("veteran")
veteran$celltype <- factor(veteran$celltype, c("squamous", "smallcell", "adeno", "large"))
wide <- Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior
for (ties in c("efron", "breslow"))
  add(paste0("veteran_", ties), coxph(wide, veteran, ties = ties, control = exactly), hazard = TRUE)
add("veteran_strata", coxph(Surv(time, status) ~ trt + karno + strata(celltype), veteran,
                            control = exactly), hazard = TRUE)
add("veteran_interaction", coxph(Surv(time, status) ~ trt * celltype + karno, veteran,
                                 control = exactly))
nothing <- coxph(Surv(time, status) ~ 1 + strata(celltype), veteran)
cases$veteran_nothing <- list(loglik = nothing$loglik)

ovarian <- read_data("ovarian")
add("ovarian", coxph(Surv(futime, fustat) ~ age + resid.ds + rx + ecog.ps, ovarian,
                     control = exactly))
rats <- read_data("rats")
add("rats_female", coxph(Surv(time, status) ~ rx, rats, subset = sex == "f", control = exactly))
add("rats_cluster", coxph(Surv(time, status) ~ rx + sex, rats, cluster = litter,
                          control = exactly), hazard = TRUE)
add("rats_litters", coxph(Surv(time, status) ~ rx + sex + strata(litter), rats,
                          control = exactly))
heart <- read_data("heart")
for (ties in c("efron", "breslow"))
  add(paste0("heart_", ties),
      coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, heart, ties = ties,
            control = exactly), hazard = TRUE)
add("heart_gaps", coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, heart,
                        subset = !(id %% 3 == 0 & start == 0), cluster = id, control = exactly))
colon <- read_data("colon")
add("colon_deaths", coxph(Surv(time, status) ~ rx + sex + age + obstruct + nodes + extent, colon,
                          subset = etype == 2, control = exactly))
add("colon_marginal", coxph(Surv(time, status) ~ rx + age + nodes + strata(etype), colon,
                            cluster = id, control = exactly))
cgd <- read_data("cgd")
cgd$linked <- as.integer(cgd$inherit == "X-linked")
counting <- Surv(tstart, tstop, status) ~ treat + age + linked
add("cgd_andersen_gill", coxph(counting, cgd, cluster = id, control = exactly))
add("cgd_prentice", coxph(update(counting, . ~ . + strata(enum)), cgd, cluster = id,
                          control = exactly))
cgd$gap <- cgd$tstop - cgd$tstart
add("cgd_gap_times", coxph(Surv(gap, status) ~ treat + age + strata(enum), cgd, cluster = id,
                           control = exactly))
pbc <- read_data("pbc")
pbc$death <- as.integer(pbc$status == 2)
many <- Surv(time, death) ~ trt + age + sex + ascites + hepato + spiders + edema + bili + chol +
  albumin + copper + alk.phos + ast + trig + platelet + protime + stage
add("pbc_many", coxph(many, pbc, control = exactly))
add("pbc_log", coxph(Surv(time, death) ~ log(bili), pbc, control = exactly))

# Ridge: R scales by the standard deviations of all rows that are not missing.
penalised <- function(fit) list(coef = unname(coef(fit)), se = sqrt(diag(fit$var)),
                                loglik = fit$loglik[2], df = sum(fit$df))
cases$lung_ridge_raw <- penalised(
  coxph(Surv(time, event) ~ ridge(age, sex, ph_ecog, theta = 10, scale = FALSE), lung,
        control = exactly))
cases$lung_ridge <- penalised(
  coxph(Surv(time, event) ~ ridge(age, sex, ph_ecog, theta = 10), lung, control = exactly))
cases$heart_ridge <- penalised(
  coxph(Surv(start, stop, event) ~ ridge(age, year, surgery, theta = 3), heart, ties = "breslow",
        control = exactly))

# Firth: the penalised likelihood from coxph held at given coefficients, climbed with Newton's
# steps on differences; its profile and that of the plain likelihood by root finding.
held <- function(formula, data, ties, beta)
  coxph(formula, data, ties = ties, init = beta, control = coxph.control(iter.max = 0))
firth_value <- function(formula, data, ties, beta) {
  fit <- suppressWarnings(held(formula, data, ties, beta))
  fit$loglik[2] - log(det(as.matrix(fit$var))) / 2
}
climb <- function(value, beta) {
  for (step in 1:12) {
    move <- solve(numDeriv::hessian(value, beta), numDeriv::grad(value, beta))
    beta <- beta - move
    if (max(abs(move)) < 1e-7) break
  }
  beta
}
limits <- function(value, beta, se) {
  best <- value(beta)
  fall <- function(j) function(b) {
    other <- function(a) value(if (j == 1) c(b, a) else c(a, b))
    around <- beta[3 - j] + c(-6, 6) * se[3 - j]
    2 * (best - optimize(other, around, maximum = TRUE, tol = 1e-9)$objective) - qchisq(0.95, 1)
  }
  side <- function(j, sign)
    uniroot(fall(j), sort(beta[j] + sign * c(0.5, 5) * se[j]), tol = 1e-9)$root
  sapply(1:2, function(j) c(side(j, -1), side(j, 1)))
}
separated <- data.frame(time = c(1, 2, 2, 3, 4, 5, 6, 6, 7, 8),
                        event = c(1, 1, 1, 1, 0, 1, 0, 1, 0, 0),
                        x = c(1, 1, 1, 1, 1, 0, 0, 0, 0, 0),
                        z = c(3, 1, 2, 5, 4, 2, 1, 3, 5, 2))
for (ties in c("efron", "breslow")) {
  value <- function(beta) firth_value(Surv(time, event) ~ x + z, separated, ties, beta)
  beta <- climb(value, c(1, 0))
  se <- sqrt(diag(held(Surv(time, event) ~ x + z, separated, ties, beta)$var))
  cases[[paste0("firth_", ties)]] <- list(
    data = as.list(separated), coef = beta, se = se, penalised = value(beta),
    limits = if (ties == "efron") limits(value, beta, se))
}
fit <- coxph(Surv(futime, fustat) ~ age + rx, ovarian, control = exactly)
plain <- function(beta) suppressWarnings(
  held(Surv(futime, fustat) ~ age + rx, ovarian, "efron", beta)$loglik[2])
cases$ovarian_profile <- list(coef = unname(coef(fit)),
                              limits = limits(plain, unname(coef(fit)), sqrt(diag(fit$var))))
save_cases(cases, "cox", packages = c("survival", "numDeriv"), note = paste(
  "se, vcov: model-based; robust_*: sandwich.",
  "Firth and profile limits: climbed with numerical derivatives, good to about 8 and 7 digits."))
