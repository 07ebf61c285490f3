# Writes values/survival/predict.json: predictions of Cox models.
source("r/survival_setup.R")

lung <- read_data("lung")
lung <- lung[complete.cases(lung[, c("age", "sex", "ph.ecog")]), ]
new <- data.frame(age = c(60, 70, 45), sex = c(2, 1, 1), ph.ecog = c(0, 2, 1))
times <- c(5, 30, 90, 180, 365, 540, 730)

curves <- function(fit, newdata, times, type) {
  fitted <- survfit(fit, newdata = newdata, conf.type = type, se.fit = TRUE)
  n <- nrow(newdata)
  at <- findInterval(times, fitted$time)
  # Limits of more than one curve come without their dimensions for some types.
  read <- function(values, start) {
    values <- matrix(values, ncol = n)
    rbind(rep(start, n), values)[at + 1, , drop = FALSE]
  }
  surv <- read(fitted$surv, 1)
  list(newdata = as.list(newdata), times = times, surv = surv, cumhaz = read(fitted$cumhaz, 0),
       se = read(fitted$std.err, 0) * surv, lower = read(fitted$lower, 1),
       upper = read(fitted$upper, 1))
}
cases <- list()
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(time, status) ~ age + sex + ph.ecog, lung, ties = ties, control = exactly)
  for (type in c("log", "log-log", "plain", "logit", "arcsin"))
    cases[[paste("lung", ties, type, sep = "_")]] <- curves(fit, new, times, type)
  cases[[paste0("lung_", ties, "_predict")]] <- list(
    newdata = as.list(new),
    lp = unname(predict(fit, type = "lp", reference = "sample")),
    lp_new = unname(predict(fit, new, type = "lp", reference = "sample")),
    se_new = unname(predict(fit, new, type = "lp", reference = "sample", se.fit = TRUE)$se.fit),
    zero_new = unname(predict(fit, new, type = "lp", reference = "zero")),
    se_zero_new = unname(predict(fit, new, type = "lp", reference = "zero", se.fit = TRUE)$se.fit),
    expected = unname(predict(fit, type = "expected")),
    survival_new = unname(predict(fit, cbind(new, time = c(100, 300, 500), status = 1),
                                  type = "survival")),
    survival_se_new = unname(predict(fit, cbind(new, time = c(100, 300, 500), status = 1),
                                     type = "survival", se.fit = TRUE)$se.fit))
}
robust <- coxph(Surv(time, status) ~ age + sex + ph.ecog, lung, control = exactly, robust = TRUE)
cases$lung_robust <- curves(robust, new, times, "log")
weighted <- read_data("lung_w")
weighted <- weighted[complete.cases(weighted[, c("age", "sex", "ph.ecog", "w")]), ]
cases$lung_weighted <- curves(
  coxph(Surv(time, status) ~ age + sex + ph.ecog, weighted, weights = w, control = exactly),
  new, times, "log-log")
heart <- read_data("heart")
late <- coxph(Surv(start, stop, event) ~ age + year + surgery, heart, control = exactly)
cases$heart_late <- curves(late, data.frame(age = c(-5, 3), year = c(1, 4), surgery = c(0, 1)),
                           c(1, 10, 50, 200, 500), "log")
veteran <- read_data("veteran")
strata <- coxph(Surv(time, status) ~ trt + karno + strata(celltype), veteran, control = exactly)
row <- data.frame(trt = 1, karno = 60)
for (cell in unique(veteran$celltype))
  cases[[paste0("veteran_", cell)]] <- curves(strata, cbind(row, celltype = cell),
                                              c(10, 50, 100), "log")
mean_of <- coxph(Surv(time, status) ~ trt + karno + strata(celltype), veteran, control = exactly)
cases$veteran_strata_lp <- list(
  lp = unname(predict(mean_of, type = "lp", reference = "strata")),
  se = unname(predict(mean_of, type = "lp", reference = "strata", se.fit = TRUE)$se.fit))
save_cases(cases, "predict")
