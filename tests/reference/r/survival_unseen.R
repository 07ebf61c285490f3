# Writes values/survival/unseen.json: weights, late entry, ties, strata and clusters at once, on rows
# written out by a rule, and cases in which R's own answer is wrong, worked out another way.
source("r/survival_setup.R")
i <- 1:60
rows <- data.frame(time = (i * 37) %% 11 + 1, event = 1 * ((i * 5) %% 7 < 4),
                   w = 0.4 + ((i * 17) %% 23) / 10, g = (i * 7) %% 3, s = i %% 2,
                   cl = (i * 11) %% 9, x = ((i * 29) %% 31) / 10 - 1.5, z = (i * 13) %% 4)
rows$entry <- ifelse(i %% 3 == 0, floor(rows$time / 2), 0)
late <- Surv(entry, time, event) ~ g

curve <- function(fit) list(time = fit$time, n_risk = fit$n.risk, surv = fit$surv,
                            se_log = fit$std.err / fit$surv, lower = fit$lower, upper = fit$upper)
km <- survfit(late, rows, weights = w, cluster = cl, conf.type = "log-log")
hazard <- survfit(late, rows, weights = w, cluster = cl, ctype = 2, stype = 2)
# Times that differ by rounding only, and a curve that runs exactly at a half.
near <- data.frame(time = c(0.1 + 0.2, 0.3, 3 * 0.1, 0.7, 0.1 * 7, 1.1, 1.2, 1.3),
                   event = c(1, 0, 1, 1, 1, 0, 1, 1))
tied <- survfit(Surv(time, event) ~ 1, near)

robust <- summary(coxph(Surv(entry, time, event) ~ factor(g) + strata(s), rows, weights = w,
                        cluster = cl, ties = "breslow"))$robscore
# Groups 0 and 1 are seen in one stratum, 2 and 3 in another: two tests, which add up.
rows$pair <- 2 * (i %% 2) + (i %/% 2) %% 2
parts <- lapply(0:1, function(k) survdiff(Surv(time, event) ~ pair, rows[i %% 2 == k, ], rho = 0.5))
chained <- sum(sapply(parts, function(part) part$chisq))

fit <- coxph(Surv(entry, time, event) ~ x + z + strata(s), rows, weights = w, robust = FALSE,
             control = exactly)
kinds <- c(martingale = "martingale", deviance = "deviance", score = "score", dfbeta = "dfbeta",
           dfbetas = "dfbetas", schoenfeld = "schoenfeld", scaled_schoenfeld = "scaledsch")
transforms <- c(km = "km", rank = "rank", identity = "identity", log = "log")
C <- concordance(Surv(entry, time, event) ~ x + strata(s), rows, weights = rows$w, cluster = rows$cl,
                 reverse = TRUE)

# With weights, Efron's ties and late entry R's penalised fits maximise something else than R's own
# likelihood. So the penalised likelihood is maximised by hand, from R's likelihood of an offset.
groups <- outer(rows$cl, 0:8, "==") * 0.5
penalised <- function(p) {
  rows$eta <- as.vector(cbind(rows$x, rows$z) %*% p[1:2] + groups %*% p[-(1:2)])
  coxph(Surv(entry, time, event) ~ offset(eta), rows, weights = w)$loglik[1] - sum(p[-(1:2)]^2) / 2
}
best <- optim(rep(0, 11), penalised, method = "BFGS",
              control = list(fnscale = -1, reltol = 1e-15, maxit = 1000, ndeps = rep(1e-5, 11)))

# pseudo() is wrong at every time if one lies before the first event; the influence by hand.
eight <- data.frame(time = c(1.2, 3.5, 3, 2.8, 0.4, 12.2, 0.3, 1.5), event = c(1, 1, 0, 0, 0, 0, 0, 0))
eight_fit <- survfit(Surv(time, event) ~ 1, eight)
alone <- pseudo(eight_fit, times = 2.84, type = "rmst")
beside <- pseudo(eight_fit, times = c(1, 2.84), type = "rmst")

save_cases(list(
  km = c(curve(km), list(quantile = c(t(quantile(km, c(0.25, 0.5, 0.75))$quantile)))),
  hazard = list(H = hazard$cumhaz, se = hazard$std.chaz),
  near = c(curve(tied), list(median = unname(quantile(tied, 0.5)$quantile))),
  logrank = list(statistic = robust[[1]], df = robust[[2]], chained = chained),
  residuals = lapply(kinds, function(kind) unname(as.matrix(residuals(fit, type = kind)))),
  zph = lapply(transforms, function(name) unname(cox.zph(fit, transform = name)$table[, 1])),
  concordance = list(estimate = unname(C$concordance), variance = C$var),
  penalised = list(value = best$value),
  pseudo = list(alone = as.vector(alone), beside = beside[, 2])),
  "unseen", paste("penalised: R's likelihood of an offset, maximised by optim;",
                  "pseudo, beside: R's answer beside a time before the first event, which is wrong"))
