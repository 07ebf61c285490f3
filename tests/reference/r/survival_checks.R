# Residuals, tests of proportional hazards, concordance, Brier scores and calibration of Cox
# models. Run from tests/reference, through regenerate.sh.
suppressPackageStartupMessages({
  source("r/survival_setup.R")
  library(splines); library(riskRegression); library(pec)
})
coxf <- function(...) {
  call <- match.call(expand.dots = TRUE)
  call[[1]] <- quote(coxph)
  call$control <- quote(exactly); call$x <- TRUE; call$y <- TRUE; call$model <- TRUE
  eval.parent(call)
}

lung <- read_data("lung"); lung$status <- lung$status - 1
lung$months <- ceiling(lung$time / 100)
lung$w <- 1 + (seq_len(nrow(lung)) %% 5) / 4
lw <- read_data("lung_w"); lw$status <- lw$status - 1
veteran <- read_data("veteran")
veteran$celltype <- factor(veteran$celltype, levels = c("squamous", "smallcell", "adeno", "large"))
veteran$z <- ifelse(veteran$celltype == "large", 0, veteran$trt - 1)
veteran$w <- rep(c(1, 2.5, 0.7), length.out = nrow(veteran))
heart <- read_data("heart")
heart$w <- 1 + (seq_len(nrow(heart)) %% 3) / 2
rats <- read_data("rats")
ovarian <- read_data("ovarian")
tiny <- data.frame(time = c(1, 1, 2, 2, 2, 3, 4, 4), status = c(1, 0, 1, 1, 0, 1, 1, 0),
                   x = c(2, 0, 1, 3, 1, 0, 1, 2))

# ---- residuals
kinds <- c(martingale = "martingale", deviance = "deviance", score = "score",
           schoenfeld = "schoenfeld", scaledsch = "scaledsch", dfbeta = "dfbeta",
           dfbetas = "dfbetas", partial = "partial")
plain <- function(x) if (is.matrix(x)) unname(x) else unname(as.vector(x))
residual_case <- function(fit, wanted = names(kinds)) {
  out <- lapply(kinds[wanted], function(k) plain(residuals(fit, type = k)))
  if (length(coef(fit)) == 1) {
    one <- setdiff(wanted, c("martingale", "deviance"))
    out[one] <- lapply(out[one], matrix)
  }
  out
}
few <- c("martingale", "deviance", "score", "schoenfeld")
by_cluster <- function(fit, by, kinds) {
  out <- lapply(kinds, function(k) plain(residuals(fit, type = k, collapse = by)))
  setNames(out, kinds)
}
rats_fit <- coxf(Surv(time, status) ~ rx + factor(sex), rats, cluster = litter)
heart_fit <- coxf(Surv(start, stop, event) ~ age + year + surgery + transplant, heart,
                  cluster = id)
save_cases(list(
  lung = residual_case(coxf(Surv(time, status) ~ age + sex + ph.ecog, lung)),
  lung_breslow = residual_case(coxf(Surv(time, status) ~ age + sex + ph.ecog, lung,
                                    ties = "breslow")),
  heart = residual_case(coxf(Surv(start, stop, event) ~ age + year + surgery + transplant, heart)),
  lung_weighted = residual_case(coxf(Surv(time, status) ~ age + sex + ph.ecog, lw, weights = w,
                                     robust = FALSE)),
  lung_months = residual_case(coxf(Surv(months, status) ~ age + sex, lung), few),
  lung_months_weighted = residual_case(coxf(Surv(months, status) ~ sex, lung, weights = w,
                                            robust = FALSE), c("martingale", "dfbeta")),
  lung_offset = residual_case(coxf(Surv(time, status) ~ age + offset(0.3 * sex), lung),
                              c("martingale", "partial")),
  veteran_strata = residual_case(coxf(Surv(time, status) ~ karno + trt + strata(celltype),
                                      veteran), few),
  veteran_factor = residual_case(coxf(Surv(time, status) ~ karno + celltype, veteran),
                                 c("scaledsch", "dfbetas", "partial")),
  heart_strata_weighted = residual_case(coxf(
    Surv(start, stop, event) ~ age + year + strata(surgery), heart, weights = w,
    robust = FALSE), c(few, "dfbeta", "scaledsch")),
  heart_breslow = residual_case(coxf(Surv(start, stop, event) ~ age + transplant, heart,
                                     ties = "breslow"), few),
  rats_robust = residual_case(rats_fit, c("dfbeta", "scaledsch")),
  tiny = residual_case(coxf(Surv(time, status) ~ x, tiny)),
  rats_by_litter = by_cluster(rats_fit, rats$litter,
                              c("martingale", "deviance", "score", "dfbeta", "dfbetas")),
  heart_by_id = by_cluster(heart_fit, heart$id,
                           c("martingale", "deviance", "score", "dfbeta", "dfbetas"))),
  "cox_residuals", "rows in data order after dropping incomplete cases; Schoenfeld rows by event time")

# ---- proportional hazards
# The line and band of plot.cox.zph: a natural spline on 40 places and the events together.
smooth_of <- function(z, df = 4, n = 40) {
  grid <- seq(min(z$x), max(z$x), length = n)
  basis <- ns(c(grid, z$x), df = df, intercept = TRUE)
  lapply(seq_len(ncol(z$y)), function(j) {
    kept <- !is.na(z$y[, j])
    fit <- qr(basis[-seq_len(n), ][kept, ])
    inverse <- solve(crossprod(basis[-seq_len(n), ][kept, ]))
    line <- basis[seq_len(n), ] %*% qr.coef(fit, z$y[kept, j])
    list(estimate = as.vector(line), std_error = as.vector(sqrt(z$var[j, j] *
      rowSums((basis[seq_len(n), ] %*% inverse) * basis[seq_len(n), ]))))
  })
}
zph_case <- function(fit, transforms = c("km", "rank", "identity", "log"), look = FALSE, ...) {
  tests <- lapply(setNames(nm = transforms), function(t) {
    tab <- cox.zph(fit, transform = t, ...)$table
    list(term = rownames(tab), chisq = unname(tab[, 1]), df = unname(tab[, 2]),
         p = unname(tab[, 3]))
  })
  if (!look) return(tests)
  z <- cox.zph(fit, transform = transforms[1], ...)
  c(tests, list(residuals = list(x = z$x, time = z$time, y = unname(z$y), var = unname(z$var),
                                 smooth = smooth_of(z))))
}
sqrt_case <- function(fit) {
  tab <- cox.zph(fit, transform = sqrt)$table
  list(sqrt = list(term = rownames(tab), chisq = unname(tab[, 1]), df = unname(tab[, 2]),
                   p = unname(tab[, 3])))
}
lung_fit <- coxf(Surv(time, status) ~ age + sex + ph.ecog, lung)
save_cases(list(
  lung = zph_case(lung_fit),
  veteran = zph_case(coxf(Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior,
                          veteran)),
  veteran_factor = zph_case(coxf(Surv(time, status) ~ karno + celltype, veteran), "km",
                            look = TRUE),
  ovarian = zph_case(coxf(Surv(futime, fustat) ~ age + resid.ds + rx + ecog.ps, ovarian)),
  heart_startstop = zph_case(coxf(Surv(start, stop, event) ~ age + year + surgery + transplant,
                                  heart), c("km", "rank", "identity")),
  lung_breslow = zph_case(coxf(Surv(time, status) ~ age + sex + ph.ecog, lung,
                               ties = "breslow")),
  lung_months = zph_case(coxf(Surv(months, status) ~ age + sex + ph.ecog, lung)),
  lung_weighted = zph_case(coxf(Surv(time, status) ~ age + sex + ph.ecog, lw, weights = w,
                                robust = FALSE)),
  lung_sqrt = sqrt_case(lung_fit),
  veteran_columns = zph_case(coxf(Surv(time, status) ~ karno + celltype, veteran),
                             terms = FALSE),
  veteran_strata = zph_case(coxf(Surv(time, status) ~ karno + trt + strata(celltype), veteran)),
  veteran_constant = zph_case(coxf(Surv(time, status) ~ karno + z + strata(celltype), veteran,
                                   weights = w, robust = FALSE), look = TRUE),
  heart_strata = zph_case(coxf(Surv(start, stop, event) ~ age + year + strata(surgery), heart),
                          c("rank", "km"), look = TRUE),
  rats_robust = zph_case(coxf(Surv(time, status) ~ rx, rats, cluster = litter)),
  tiny = zph_case(coxf(Surv(time, status) ~ x, tiny), look = TRUE)),
  "cox_zph", "score tests of survival >= 3.0; residuals and their smooth are those of the first transform")

# ---- concordance
agreement <- function(found) {
  counts <- if (is.matrix(found$count)) colSums(found$count) else found$count
  list(C = unname(found$concordance), se = unname(sqrt(found$var)), counts = unname(counts))
}
two <- concordance(lung_fit, coxf(Surv(time, status) ~ sex, lung, subset = !is.na(ph.ecog)))
save_cases(list(
  lung = agreement(concordance(lung_fit)),
  lung_months = agreement(concordance(coxf(Surv(months, status) ~ sex + ph.ecog, lung))),
  lung_weighted = agreement(concordance(coxf(Surv(time, status) ~ age + sex + ph.ecog, lw,
                                             weights = w, robust = FALSE))),
  veteran_strata = agreement(concordance(coxf(Surv(time, status) ~ karno + trt +
                                                strata(celltype), veteran))),
  heart = agreement(concordance(coxf(Surv(start, stop, event) ~ age + year + surgery +
                                       transplant, heart))),
  heart_strata_weighted = agreement(concordance(coxf(Surv(start, stop, event) ~ age + year +
    strata(surgery), heart, weights = w, robust = FALSE))),
  rats_cluster = agreement(concordance(coxf(Surv(time, status) ~ rx + factor(sex), rats,
                                            cluster = litter))),
  score_late = agreement(concordance(Surv(time, status) ~ karno, veteran)),
  score_early = agreement(concordance(Surv(time, status) ~ age, veteran, reverse = TRUE)),
  score_strata = agreement(concordance(Surv(time, status) ~ karno + strata(celltype), veteran)),
  score_cluster = agreement(concordance(Surv(time, status) ~ rx, rats, cluster = litter)),
  score_weighted_entry = agreement(concordance(Surv(start, stop, event) ~ age, heart,
                                               weights = w, reverse = TRUE)),
  score_tau = agreement(concordance(Surv(time, status) ~ karno, veteran, ymax = 100)),
  uno = agreement(concordance(Surv(time, status) ~ age, lung, timewt = "n/G2", reverse = TRUE)),
  uno_tau = agreement(concordance(Surv(time, status) ~ age, lung, timewt = "n/G2", ymax = 500,
                                  reverse = TRUE)),
  uno_months_weighted = agreement(concordance(Surv(months, status) ~ age, lung, weights = w,
                                              timewt = "n/G2", reverse = TRUE)),
  uno_strata = agreement(concordance(Surv(time, status) ~ age + strata(sex), lung,
                                     timewt = "n/G2", reverse = TRUE)),
  uno_fit = agreement(concordance(lung_fit, timewt = "n/G2", ymax = 600)),
  tiny = agreement(concordance(Surv(time, status) ~ x, tiny, reverse = TRUE)),
  two_models = list(C = unname(two$concordance), var = unname(two$var))),
  "concordance", "")

# ---- Brier scores
whole <- lung[complete.cases(lung[, c("time", "status", "age", "sex", "ph.ecog")]), ]
first <- whole[1:120, ]; second <- whole[121:nrow(whole), ]
brier_case <- function(fit, formula, data, times, cens = "km") {
  found <- Score(list(m = fit), formula = formula, data = data, times = times, metrics = "brier",
                 summary = "ipa", cens.model = cens, null.model = TRUE, se.fit = TRUE,
                 conservative = cens == "cox")
  scores <- found$Brier$score; gaps <- found$Brier$contrasts
  null <- scores[scores$model == "Null model", ]; mine <- scores[scores$model == "m", ]
  list(times = times, brier = mine$Brier, brier_se = mine$se, null = null$Brier,
       null_se = null$se, ipa = mine$IPA, difference = gaps$delta.Brier,
       difference_se = gaps$se)
}
whole_fit <- coxf(Surv(time, status) ~ age + sex + ph.ecog, whole)
first_fit <- coxf(Surv(time, status) ~ age + sex + ph.ecog, first)
ovarian_fit <- coxf(Surv(futime, fustat) ~ age + rx, ovarian)
event_times <- sort(unique(whole$time[whole$status == 1]))
curves <- pec(list(m = whole_fit), formula = Surv(time, status) ~ 1, data = whole,
              times = event_times, exact = FALSE, start = 0, cens.model = "marginal",
              verbose = FALSE)
area <- crps(curves, times = 500, start = 0)
own <- survival:::brier(whole_fit, times = c(100, 365, 500))
save_cases(list(
  lung = brier_case(whole_fit, Surv(time, status) ~ 1, whole, c(100, 180, 365, 500)),
  lung_new = brier_case(first_fit, Surv(time, status) ~ 1, second, c(100, 200, 300)),
  ovarian_cox = brier_case(ovarian_fit, Surv(futime, fustat) ~ age + rx, ovarian,
                           c(300, 450, 600), "cox"),
  lung_integrated = list(null = area[1, 1], brier = area[2, 1]),
  lung_own = list(times = own$time, brier = unname(own$brier[, "Model"]))),
  "brier", "pec's crps and riskRegression's Score; `lung_own` is the survival package's own brier",
  c("survival", "riskRegression", "pec"))

# ---- calibration
spline <- function(x, knots) {
  # Harrell's restricted cubic spline.
  k <- length(knots); cube <- function(t) pmax(t, 0)^3
  cbind(x, sapply(seq_len(k - 2), function(j) {
    (cube(x - knots[j]) - cube(x - knots[k - 1]) * (knots[k] - knots[j]) /
       (knots[k] - knots[k - 1]) + cube(x - knots[k]) * (knots[k - 1] - knots[j]) /
       (knots[k] - knots[k - 1])) / (knots[k] - knots[1])^2
  }))
}
at_quantiles <- list(`3` = c(.1, .5, .9), `4` = c(.05, .35, .65, .95),
                     `5` = c(.05, .275, .5, .725, .95))
calibration_case <- function(fit, data, time, n_knots = 3, n_groups = 5) {
  S <- summary(survfit(fit, newdata = data), times = time)$surv[1, ]
  cll <- log(-log(S))
  data <- as.data.frame(data)  # Score() makes data.tables of the frames it is given
  data$basis <- spline(cll, quantile(cll, at_quantiles[[as.character(n_knots)]]))
  smooth <- coxph(Surv(time, status) ~ basis, data, control = exactly)
  seen <- 1 - summary(survfit(smooth, newdata = data), times = time)$surv[1, ]
  gap <- unname(abs(seen - (1 - S)))
  data$lp <- predict(fit, newdata = data, type = "lp")
  slope <- coxph(Surv(time, status) ~ lp, data, control = exactly)
  data$group <- cut(1 - S, quantile(1 - S, seq(0, 1, length = n_groups + 1)),
                    include.lowest = TRUE)
  km <- summary(survfit(Surv(time, status) ~ group, data), times = time, extend = TRUE)
  all_rows <- summary(survfit(Surv(time, status) ~ 1, data), times = time)
  list(ici = mean(gap), e50 = median(gap), e90 = unname(quantile(gap, 0.9)), e_max = max(gap),
       slope = unname(coef(slope)), slope_se = sqrt(vcov(slope)[1, 1]),
       ratio = (1 - all_rows$surv) / mean(1 - S), ratio_se = all_rows$std.err / mean(1 - S),
       predicted = as.vector(tapply(1 - S, data$group, mean)), observed = 1 - km$surv,
       observed_se = km$std.err, smoothed = unname(seen))
}
save_cases(list(
  lung = calibration_case(whole_fit, whole, 365),
  lung_new = calibration_case(first_fit, second, 300, n_groups = 4),
  lung_knots = calibration_case(whole_fit, whole, 200, n_knots = 5)),
  "calibration", "the smooth as in Austin, Harrell and van Klaveren (2020), written out here")
