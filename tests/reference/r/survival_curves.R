# Writes values/survival/{km,bands,nelson_aalen,logrank,rmst,pseudo,life_table}.json: what curves,
# tests, restricted means and pseudo-values are held to beyond r/regenerate.R.
source("r/survival_setup.R")
suppressPackageStartupMessages({
  library(km.ci); library(mvtnorm); library(geepack); library(numDeriv)
})
options(warn = 1)

lung <- read_data("lung_w")
lung$event <- lung$status - 1
lung$weeks <- ceiling(lung$time / 30)
# Whole weights for those tests that have no weights in R: rows are repeated.
lung$k <- 1 + seq_len(nrow(lung)) %% 3
lung$decade <- floor(lung$age / 10)
heart <- read_data("heart")
rats <- read_data("rats")
veteran <- read_data("veteran")
veteran$celltype <- factor(veteran$celltype, c("squamous", "smallcell", "adeno", "large"))
mgus2 <- read_data("mgus2_cr")
mgus2$cause <- factor(mgus2$ecode, 0:2, c("censor", "pcm", "death"))
six <- data.frame(time = c(1, 2, 2, 3, 4, 4), event = c(1, 1, 1, 0, 1, 0),
                  entry = c(0, 1, 0, 2, 1, 3), w = c(2, 1, 1, 1, 1, 2),
                  mode = c("a", "a", "b", "b", "b", "a"), id = c(1, 2, 3, 1, 2, 3))

# --- Kaplan-Meier: robust, two dimensions of clusters, bands -------------------------------
strata_of <- function(fit)
  if (is.null(fit$strata)) rep("all", length(fit$time)) else rep(names(fit$strata), fit$strata)
# Arguments are looked up in the data, so calls are passed on as they were written.
passed <- function(call, name, frame) {
  call[[1]] <- as.name(name)
  eval(call, frame)
}
robust <- function(...) {
  fit <- passed(match.call(), "survfit", parent.frame())
  list(strata = strata_of(fit), time = fit$time, surv = fit$surv, se_log = fit$std.err / fit$surv)
}
# Cameron, Gelbach and Miller: V_a + V_b - V_ab.
two_way <- function(formula, data, a, b, weights = NULL) {
  data$.w <- if (is.null(weights)) 1 else data[[weights]]
  variance <- function(code) {
    data$.cluster <- code
    survfit(formula, data, cluster = .cluster, weights = .w)$std.err^2
  }
  fit <- survfit(formula, data, weights = .w)
  both <- paste(data[[a]], data[[b]])
  V <- variance(data[[a]]) + variance(data[[b]]) - variance(both)
  list(strata = strata_of(fit), time = fit$time, surv = fit$surv,
       se_log = ifelse(V < 0, NaN, sqrt(pmax(V, 0))) / fit$surv)
}
full <- lung[!is.na(lung$inst), ]
full$dec <- full$decade
km <- list(
  lung_robust = robust(Surv(time, event) ~ sex, lung, robust = TRUE),
  lung_cluster_weights = robust(Surv(time, event) ~ sex, full, cluster = inst, weights = w),
  lung_weeks_cluster = robust(Surv(weeks, event) ~ 1, full, cluster = inst),
  lung_two_way = two_way(Surv(time, event) ~ sex, full, "inst", "dec"),
  lung_two_way_weeks = two_way(Surv(weeks, event) ~ 1, full, "inst", "dec", "w"),
  rats_two_way = two_way(Surv(time, status) ~ rx, rats, "litter", "sex"),
  heart_cluster = robust(Surv(start, stop, event) ~ surgery, heart, cluster = id),
  six_cluster = robust(Surv(time, event) ~ 1, six, cluster = id),
  six_late_cluster = robust(Surv(entry, time, event) ~ 1, six, cluster = id, weights = w))
save_cases(km, "km", note = "se_log: robust error of log S, survfit's over S; two_way by V_a + V_b - V_ab")

# Bands of km.ci rest on tables of critical values: the value used is worked out from the band.
band <- function(fit, method, level, tl = NA, tu = NA, kind, scale) {
  found <- km.ci(fit, conf.level = level, tl = tl, tu = tu, method = method)
  inside <- found$time >= tl & found$time <= tu
  list(kind = kind, scale = scale, level = level, first = tl, last = tu,
       time = found$time[inside], surv = found$surv[inside], lower = found$lower[inside],
       upper = found$upper[inside])
}
all_lung <- survfit(Surv(time, event) ~ 1, lung)
vet <- survfit(Surv(time, status) ~ 1, veteran)
methods <- list(c("hall-wellner", "hall-wellner", "plain"), c("loghall", "hall-wellner", "log-log"),
                c("epband", "equal-precision", "plain"), c("logep", "equal-precision", "log-log"))
bands <- list()
for (m in methods) for (level in c(0.9, 0.95)) {
  bands[[paste("lung", m[1], level, sep = "_")]] <-
    band(all_lung, m[1], level, kind = m[2], scale = m[3], tl = 100, tu = 600)
  bands[[paste("veteran", m[1], level, sep = "_")]] <-
    band(vet, m[1], level, kind = m[2], scale = m[3], tl = 20, tu = 200)
}
save_cases(bands, "bands", "Critical values of km.ci come from tables, in steps of 0.02",
           c("survival", "km.ci"))

# --- Nelson-Aalen --------------------------------------------------------------------------
hazard <- function(call, frame, ctype) {
  call$ctype <- ctype; call$stype <- 2; call$conf.type <- "log"
  fit <- passed(call, "survfit", frame)
  list(strata = strata_of(fit), time = fit$time, cumhaz = fit$cumhaz, se_cumhaz = fit$std.chaz,
       surv = fit$surv, lower = fit$lower, upper = fit$upper)
}
na <- list()
for (ctype in 1:2) {
  add <- function(name, ...) {
    call <- match.call()
    call$name <- NULL
    na[[paste0(name, "_ctype", ctype)]] <<- hazard(call, parent.frame(), ctype)
  }
  add("lung_sex", Surv(time, event) ~ sex, lung)
  add("lung_weeks", Surv(weeks, event) ~ sex, lung)
  add("lung_weeks_weighted", Surv(weeks, event) ~ sex, lung, weights = w, robust = FALSE)
  add("lung_weeks_robust", Surv(weeks, event) ~ sex, lung, weights = w, robust = TRUE)
  add("lung_weeks_cluster", Surv(weeks, event) ~ sex, full, weights = w, cluster = inst)
  add("heart", Surv(start, stop, event) ~ surgery, heart)
  add("heart_cluster", Surv(start, stop, event) ~ surgery, heart, cluster = id)
  add("veteran_cell", Surv(time, status) ~ celltype, veteran)
  add("six", Surv(time, event) ~ 1, six)
  add("six_late", Surv(entry, time, event) ~ 1, six)
}
save_cases(na, "nelson_aalen", note = "survfit with stype 2; limits are those of exp(-H), log scale")

# --- log-rank ------------------------------------------------------------------------------
score <- function(...) {
  call <- match.call()
  call$ties <- "breslow"
  test <- summary(passed(call, "coxph", parent.frame()))$robscore
  list(statistic = test[[1]], df = test[[2]], p_value = test[[3]])
}
classic <- function(formula, data, rho = 0) {
  s <- survdiff(formula, data, rho = rho)
  total <- function(x) if (is.matrix(x)) rowSums(x) else x
  df <- sum(total(s$exp) > 0) - 1
  list(observed = total(s$obs), expected = total(s$exp), variance = s$var, statistic = s$chisq,
       df = df, p_value = pchisq(s$chisq, df, lower.tail = FALSE))
}
repeated <- lung[rep(seq_len(nrow(lung)), lung$k), ]
# Scores of any weight of the risk sets, written out: n, N and d at each time of each stratum.
weighted <- function(entry, time, event, group, stratum, weight) {
  group <- as.integer(factor(group)); k <- max(group)
  U <- list(); V <- list()
  for (s in unique(stratum)) {
    inside <- stratum == s
    S <- 1; P <- 1
    for (t in sort(unique(time[event == 1 & inside]))) {
      n <- tabulate(group[inside & time >= t & entry < t], k)
      d <- tabulate(group[inside & time == t & event == 1], k)
      N <- sum(n); D <- sum(d)
      P <- P * (1 - D / (N + 1))
      w <- weight(N, S, P)
      U <- c(U, list(outer(w, d - n * D / N)))
      v <- if (N > 1) D * (N - D) / (N - 1) * (diag(n / N, k) - outer(n, n) / N^2) else matrix(0, k, k)
      V <- c(V, list(list(w, v)))
      S <- S * (1 - D / N)
    }
  }
  q <- length(V[[1]][[1]])
  joint <- Reduce(`+`, lapply(V, function(x) outer(x[[1]], x[[1]]) * x[[2]][1, 1]))
  first <- Reduce(`+`, lapply(V, function(x) x[[1]][1]^2 * x[[2]]))
  list(U = Reduce(`+`, U), first = first, joint = joint, q = q)
}
chi <- function(fit) {
  U <- fit$U[1, ]; df <- length(U) - 1
  x <- sum(solve(fit$first[-1, -1], U[-1]) * U[-1])
  list(score = U, variance = fit$first, statistic = x, df = df,
       p_value = pchisq(x, df, lower.tail = FALSE))
}
of_data <- function(d, time, event, group, stratum = NULL, entry = NULL) {
  rows <- complete.cases(d[c(time, event, group, stratum)]); d <- d[rows, ]
  list(entry = if (is.null(entry)) rep(-1, nrow(d)) else d[[entry]], time = d[[time]],
       event = d[[event]], group = d[[group]],
       stratum = if (is.null(stratum)) rep(1, nrow(d)) else d[[stratum]])
}
run <- function(x, weight) do.call(weighted, c(x, list(weight = weight)))
sexes <- of_data(lung, "time", "event", "sex")
cells <- of_data(veteran, "time", "status", "celltype", "trt")
late <- of_data(heart, "stop", "event", "surgery", entry = "start")
tests <- list(
  robust_lung = score(Surv(time, event) ~ factor(ph.ecog), lung, robust = TRUE),
  robust_veteran = score(Surv(time, status) ~ celltype + strata(trt), veteran, robust = TRUE),
  robust_weights = score(Surv(time, event) ~ sex, lung, weights = w, robust = TRUE),
  cluster_lung = score(Surv(time, event) ~ sex, full, cluster = inst),
  cluster_weights_strata = score(Surv(weeks, event) ~ factor(ph.ecog) + strata(sex), full,
                                 cluster = inst, weights = w),
  cluster_rats = score(Surv(time, status) ~ rx, rats, cluster = litter),
  cluster_heart = score(Surv(start, stop, event) ~ surgery, heart, cluster = id),
  weights_lung = classic(Surv(time, event) ~ sex, repeated),
  weights_lung_strata_rho1 = classic(Surv(weeks, event) ~ sex + strata(ph.ecog), repeated, 1),
  gehan_lung = chi(run(sexes, function(N, S, P) N)),
  gehan_veteran = chi(run(cells, function(N, S, P) N)),
  gehan_heart = chi(run(late, function(N, S, P) N)),
  tarone_ware_lung = chi(run(sexes, function(N, S, P) sqrt(N))),
  tarone_ware_veteran = chi(run(cells, function(N, S, P) sqrt(N))),
  peto_peto_lung = chi(run(sexes, function(N, S, P) P)),
  peto_peto_veteran = chi(run(cells, function(N, S, P) P)))

trend <- function(formula, data, a, rho = 0) {
  s <- survdiff(formula, data, rho = rho)
  total <- function(x) if (is.matrix(x)) rowSums(x) else x
  U <- total(s$obs) - total(s$exp)
  z <- sum(a * U) / sqrt(drop(a %*% s$var %*% a))
  list(scores = a, statistic = z, p_value = 2 * pnorm(-abs(z)))
}
tests$trend_lung <- trend(Surv(time, event) ~ ph.ecog, lung, 0:3)
tests$trend_lung_strata <- trend(Surv(time, event) ~ ph.ecog + strata(sex), lung, 0:3)
tests$trend_lung_rho1 <- trend(Surv(time, event) ~ ph.ecog, lung, c(1, 2, 4, 8), 1)
tests$trend_veteran <- trend(Surv(time, status) ~ celltype, veteran, c(3, 1, 2, 5))
tests$trend_two_groups <- trend(Surv(time, event) ~ sex, lung, 1:2)

combo <- function(x, pairs = list(c(0, 0), c(1, 0), c(0, 1), c(1, 1))) {
  fit <- run(x, function(N, S, P) vapply(pairs, function(e) S^e[1] * (1 - S)^e[2], 0))
  z <- fit$U[, 2] / sqrt(diag(fit$joint))
  R <- cov2cor(fit$joint)
  most <- max(abs(z))
  set.seed(1)
  draw <- function(corr, bound) 1 - pmvnorm(-bound, bound, corr = corr,
    algorithm = GenzBretz(maxpts = 4e6, abseps = 1e-9, releps = 0))[1]
  list(z = z, correlation = R, statistic = most, p_value = draw(R, rep(most, length(pairs))))
}
tests$combo_lung <- combo(sexes)
tests$combo_lung_strata <- combo(of_data(lung, "time", "event", "sex", "ph.ecog"))
tests$combo_veteran <- combo(of_data(veteran, "time", "status", "trt"))
tests$combo_heart <- combo(late)
tests$combo_two <- combo(of_data(veteran, "time", "status", "trt", "celltype"), list(c(0, 0), c(0, 1)))

pairs_of <- function(formula, data, group, levels) {
  p <- c()
  for (i in seq_along(levels)[-length(levels)]) for (j in (i + 1):length(levels))
    p <- c(p, classic(formula, data[data[[group]] %in% levels[c(i, j)], ])$p_value)
  list(p_value = p, holm = p.adjust(p, "holm"), bonferroni = p.adjust(p, "bonferroni"),
       hommel = p.adjust(p, "hommel"), fdr_bh = p.adjust(p, "BH"))
}
tests$pairs_veteran <- pairs_of(Surv(time, status) ~ celltype, veteran, "celltype",
                                levels(veteran$celltype))
tests$pairs_veteran_strata <- pairs_of(Surv(time, status) ~ celltype + strata(trt), veteran,
                                       "celltype", levels(veteran$celltype))
save_cases(tests, "logrank",
           "robust: coxph's robust score test, Breslow's ties; weights: survdiff on repeated rows",
           c("survival", "mvtnorm"))

# --- restricted means with robust errors ---------------------------------------------------
mean_robust <- function(formula, data, tau, cluster = NULL, weights = NULL) {
  data$.w <- if (is.null(weights)) rep(1, nrow(data)) else data[[weights]]
  fit <- do.call(survfit, list(formula, data = data, weights = data$.w))
  influence <- residuals(fit, times = tau, type = "rmst", weighted = TRUE)
  curve <- if (is.null(fit$strata)) rep(1, nrow(data)) else as.integer(factor(data[[all.vars(formula[[3]])]]))
  id <- if (is.null(cluster)) seq_len(nrow(data)) else data[[cluster]]
  k <- max(curve)
  by_group <- sapply(1:k, function(g) influence * (curve == g))
  sums <- rowsum(by_group, id)
  table <- summary(fit, rmean = tau)$table
  estimate <- if (is.matrix(table)) table[, "rmean"] else table[["rmean"]]
  V <- crossprod(sums)
  list(tau = tau, estimate = estimate, variance = V, std_error = sqrt(diag(V)))
}
rmst <- list(
  lung_robust = mean_robust(Surv(time, event) ~ sex, lung, 365),
  lung_weights = mean_robust(Surv(time, event) ~ sex, lung, 365, weights = "w"),
  lung_cluster = mean_robust(Surv(time, event) ~ sex, full, 365, "inst"),
  lung_cluster_weights = mean_robust(Surv(weeks, event) ~ sex, full, 12.5, "inst", "w"),
  rats_cluster = mean_robust(Surv(time, status) ~ rx, rats, 100, "litter"),
  veteran_cells = mean_robust(Surv(time, status) ~ celltype, veteran, 150),
  six = mean_robust(Surv(time, event) ~ 1, six, 4, "id", "w"))

# Weighted by inverse propensities: influence of rows, plus that of the propensities through the
# numerical derivative of the means.
weighting <- function(data, tau, terms) {
  data <- data[complete.cases(data[terms]), ]
  z <- data$sex - 1
  Z <- model.matrix(reformulate(terms), data)
  model <- glm.fit(Z, z, family = binomial(), control = list(epsilon = 1e-15, maxit = 100))
  curves <- function(gamma) {
    p <- plogis(drop(Z %*% gamma))
    w <- ifelse(z == 1, mean(z) / p, (1 - mean(z)) / (1 - p))
    do.call(survfit, list(Surv(time, event) ~ sex, data = data, weights = w))
  }
  means <- function(gamma) {
    fit <- curves(gamma)
    sapply(1:2, function(g) {
      one <- fit[g]; inside <- one$time <= tau
      sum(diff(c(0, one$time[inside], tau)) * c(1, one$surv[inside]))
    })
  }
  p <- model$fitted.values
  direct <- residuals(curves(model$coefficients), times = tau, type = "rmst", weighted = TRUE)
  slope <- jacobian(means, model$coefficients)
  through <- (Z * (z - p)) %*% solve(crossprod(Z * (p * (1 - p)), Z)) %*% t(slope)
  phi <- cbind(direct * (z == 0), direct * (z == 1)) + through
  list(tau = tau, estimate = means(model$coefficients), variance = crossprod(phi))
}
rmst$weighting_lung <- weighting(lung, 365, c("age", "ph.ecog"))
rmst$weighting_lung_700 <- weighting(lung, 700, c("age", "ph.karno", "ph.ecog"))
save_cases(rmst, "rmst", "residuals.survfit of type rmst, summed by cluster",
           c("survival", "numDeriv"))

# --- pseudo-values and regression on them --------------------------------------------------
values <- function(fit, times, type = "pstate", state = NULL) {
  p <- pseudo(fit, times = times, type = type)
  if (!is.null(state)) p <- if (length(dim(p)) == 3) p[, , state] else p[, state]
  list(times = times, values = if (is.matrix(p)) p else as.matrix(p))
}
some <- mgus2[seq(1, nrow(mgus2), 7), ]
multi <- survfit(Surv(etime, cause) ~ 1, some)
ps <- list(
  lung_surv = values(survfit(Surv(time, event) ~ 1, lung), c(180, 365)),
  lung_rmst = values(survfit(Surv(time, event) ~ 1, lung), c(365, 700), "rmst"),
  lung_weeks_surv = values(survfit(Surv(weeks, event) ~ 1, lung), c(4, 10.5), "survival"),
  lung_weeks_rmst = values(survfit(Surv(weeks, event) ~ 1, lung), 20.5, "rmst"),
  lung_strata_surv = values(survfit(Surv(time, event) ~ sex, lung), c(180, 365)),
  lung_strata_rmst = values(survfit(Surv(time, event) ~ sex, lung), c(200, 500), "rmst"),
  veteran_rmst = values(survfit(Surv(time, status) ~ 1, veteran), 100, "rmst"),
  mgus2_pcm = values(multi, c(60, 120), state = 2),
  mgus2_death = values(multi, c(60, 120), state = 3))
gee <- function(pseudo, X, link, id) {
  q <- ncol(pseudo); n <- nrow(pseudo)
  long <- data.frame(y = as.vector(t(pseudo)), X[rep(1:n, each = q), , drop = FALSE],
                     t = factor(rep(1:q, n)), id = rep(id, each = q))
  long <- long[order(long$id), ]
  right <- c(if (q > 1) "t" else "1", names(X))
  formula <- reformulate(right, "y", intercept = q == 1)
  mean <- colMeans(pseudo)
  start <- switch(link, identity = mean, log = log(mean), logit = qlogis(mean),
                  cloglog = log(-log(1 - mean)))
  fit <- geese(formula, id = id, data = long, mean.link = link, family = gaussian,
               b = c(start, rep(0, ncol(X))),
               corstr = "independence", control = geese.control(epsilon = 1e-13, maxit = 200))
  list(coef = fit$beta, std_error = sqrt(diag(fit$vbeta)))
}
both <- lung[!is.na(lung$ph.ecog) & !is.na(lung$inst), ]
X <- both[c("sex", "age")]
X$ecog <- both$ph.ecog
fit <- survfit(Surv(time, event) ~ 1, both)
at <- pseudo(fit, times = c(180, 365))
rows <- seq_len(nrow(both))
for (link in c("identity", "log", "logit"))
  ps[[paste0("regression_surv_", link)]] <- gee(at, X, link, rows)
ps$regression_surv_cloglog <- gee(1 - at, X, "cloglog", rows)
year <- as.matrix(pseudo(fit, times = 365, type = "rmst"))
ps$regression_rmst_identity <- gee(year, X, "identity", rows)
ps$regression_rmst_log <- gee(year, X, "log", rows)
ps$regression_rmst_cluster <- gee(year, X, "identity", both$inst)
ps$regression_incidence_cloglog <-
  gee(pseudo(multi, times = c(60, 120), type = "pstate")[, , 3],
      data.frame(age = some$age, male = as.numeric(some$sex == "M")), "cloglog", seq_len(nrow(some)))
save_cases(ps, "pseudo", "pseudo() of survival; regressions by geese, independence",
           c("survival", "geepack"))

# --- life tables, written out --------------------------------------------------------------
life <- function(time, event, group, ends, begin, actuarial) {
  out <- lapply(split(data.frame(time, event), group), function(x) {
    n <- sapply(seq_along(ends), function(j) sum(x$time > begin[j]))
    d <- sapply(seq_along(ends), function(j) sum(x$time > begin[j] & x$time <= ends[j] & x$event == 1))
    cens <- sapply(seq_along(ends), function(j) sum(x$time > begin[j] & x$time <= ends[j] & x$event == 0))
    base <- n - if (actuarial) cens / 2 else 0
    q <- d / base
    S <- cumprod(1 - q)
    list(time = ends, n_risk = n, n_event = d, n_censor = cens, hazard = q,
         hazard_std_error = sqrt(q * (1 - q) / base), surv = S,
         se_surv = S * sqrt(cumsum(q / (base - d))))
  })
  parts <- lapply(names(out[[1]]), function(name) unlist(lapply(out, `[[`, name), use.names = FALSE))
  names(parts) <- names(out[[1]])
  parts
}
discrete <- read_data("lung_discrete")
edges <- c(0, 90, 180, 360, 720, 1100)
life_cases <- list(
  discrete = life(discrete$period, discrete$ev, rep(1, nrow(discrete)), 1:8, 0:7, FALSE),
  discrete_actuarial = life(discrete$period, discrete$ev, rep(1, nrow(discrete)), 1:8, 0:7, TRUE),
  discrete_sex = life(discrete$period, discrete$ev, discrete$sex, 1:8, 0:7, FALSE),
  breaks = life(lung$time, lung$event, lung$sex, edges[-1], edges[-6], FALSE),
  breaks_actuarial = life(lung$time, lung$event, lung$sex, edges[-1], edges[-6], TRUE))
save_cases(life_cases, "life_table", note = "hazard d / n, or d / (n - c / 2)")
