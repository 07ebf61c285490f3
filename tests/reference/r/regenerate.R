# Writes values/{km,logrank,rmst}.json, data/*.csv and VERSIONS from R's survival package.
# Run through regenerate.sh. Numbers carry 17 significant digits, so an unchanged answer
# regenerates unchanged.
suppressPackageStartupMessages(library(survival))

to_json <- function(x, indent = "") {
  if (is.null(x)) return("null")
  if (is.matrix(x)) x <- lapply(seq_len(ncol(x)), function(j) x[, j])
  inner <- paste0(indent, " ")
  if (is.list(x)) {
    body <- vapply(x, to_json, "", indent = inner)
    if (is.null(names(x))) return(paste0("[", paste(body, collapse = ", "), "]"))
    return(paste0("{\n", paste0(inner, '"', names(x), '": ', body, collapse = ",\n"),
                  "\n", indent, "}"))
  }
  if (is.character(x)) body <- paste0('"', x, '"')
  else body <- ifelse(is.finite(x), sprintf("%.17g", x), "null")
  paste0("[", paste(body, collapse = ", "), "]")
}
save_json <- function(cases, name) writeLines(to_json(cases), file.path("values", name))
source_note <- list(source = paste0(R.version.string, ", survival ", packageVersion("survival")))

# --- data sets -----------------------------------------------------------------------------
keep <- function(frame, columns, name) {
  frame <- frame[, columns]
  write.csv(frame, file.path("data", paste0(name, ".csv")), row.names = FALSE, na = "",
            quote = FALSE)
  frame
}
lung <- keep(survival::lung, c("time", "status", "sex", "ph.ecog"), "lung")
lung$w <- 1 + (seq_len(nrow(lung)) %% 5) / 4
rats <- keep(survival::rats, c("litter", "rx", "time", "status"), "rats")
veteran <- keep(survival::veteran, c("trt", "celltype", "time", "status"), "veteran")
ovarian <- keep(survival::ovarian, c("futime", "fustat", "rx"), "ovarian")
mgus2 <- keep(survival::mgus2, c("futime", "death"), "mgus2")
heart <- keep(survival::heart, c("start", "stop", "event", "surgery"), "heart")
small <- keep(data.frame(time = c(1, 2, 3, 4, 5, 5), status = c(0, 1, 0, 1, 1, 1)),
              c("time", "status"), "small")
flat <- keep(data.frame(time = rep(1:8, 2), status = rep(c(1, 0, 1), c(4, 4, 8)),
                        g = rep(1:2, each = 8)), c("time", "status", "g"), "flat")

# --- Kaplan-Meier --------------------------------------------------------------------------
curve <- function(fit, p = c(0.25, 0.5, 0.75)) {
  long <- summary(fit, censored = TRUE)
  q <- quantile(fit, p)
  table <- summary(fit, rmean = "individual")$table
  if (!is.matrix(table)) table <- t(as.matrix(table))
  list(strata = if (is.null(long$strata)) rep("all", length(long$time)) else as.character(long$strata),
       time = long$time, n_risk = long$n.risk, n_event = long$n.event, n_censor = long$n.censor,
       surv = long$surv, se_surv = long$std.err, lower = long$lower, upper = long$upper,
       records = table[, "records"], rmean = table[, "rmean"], se_rmean = table[, "se(rmean)"],
       probs = p, quantile = c(t(q$quantile)), quantile_lower = c(t(q$lower)),
       quantile_upper = c(t(q$upper)))
}
types <- c("log", "log-log", "plain", "logit", "arcsin")
km <- list()
for (type in types) {
  km[[paste0("lung_sex_", type)]] <- curve(survfit(Surv(time, status) ~ sex, lung, conf.type = type))
  km[[paste0("small_", type)]] <- curve(survfit(Surv(time, status) ~ 1, small, conf.type = type))
  km[[paste0("flat_", type)]] <- curve(survfit(Surv(time, status) ~ g, flat, conf.type = type))
}
km$lung_all <- curve(survfit(Surv(time, status) ~ 1, lung, conf.type = "log"))
km$lung_all_conf90 <- curve(survfit(Surv(time, status) ~ 1, lung, conf.type = "log-log", conf.int = 0.9))
km$lung_sex_ecog <- curve(survfit(Surv(time, status) ~ sex + ph.ecog, lung, conf.type = "log-log"))
km$lung_weighted_case <- curve(survfit(Surv(time, status) ~ sex, lung, weights = w, robust = FALSE,
                                       conf.type = "log"))
km$lung_weighted_robust <- curve(survfit(Surv(time, status) ~ sex, lung, weights = w, robust = TRUE,
                                         conf.type = "log"))
km$rats_cluster_litter <- curve(survfit(Surv(time, status) ~ rx, rats, cluster = litter,
                                        conf.type = "log"))
km$heart_late_entry <- curve(survfit(Surv(start, stop, event) ~ surgery, heart,
                                     conf.type = "log-log"))
save_json(c(source_note, list(cases = km)), "km.json")

# --- log-rank ------------------------------------------------------------------------------
difference <- function(formula, data, rho = 0) {
  s <- survdiff(formula, data, rho = rho)
  total <- function(x) if (is.matrix(x)) rowSums(x) else x
  df <- sum(total(s$exp) > 0) - 1
  list(observed = total(s$obs), expected = total(s$exp), variance = s$var, n = total(s$n),
       statistic = s$chisq, df = df, p_value = pchisq(s$chisq, df, lower.tail = FALSE))
}
# survdiff has no gamma: the definition, written out on risk sets.
fleming_harrington <- function(time, status, group, rho, gamma) {
  group <- as.integer(factor(group)); k <- max(group)
  U <- numeric(k); V <- matrix(0, k, k); S <- 1
  for (t in sort(unique(time[status == 1]))) {
    n <- tabulate(group[time >= t], k); d <- tabulate(group[time == t & status == 1], k)
    N <- sum(n); D <- sum(d); w <- S^rho * (1 - S)^gamma
    U <- U + w * (d - n * D / N)
    if (N > 1) V <- V + w^2 * D * (N - D) / (N - 1) * (diag(n / N, k) - outer(n, n) / N^2)
    S <- S * (1 - D / N)
  }
  chisq <- sum(solve(V[-1, -1], U[-1]) * U[-1])
  list(score = U, variance = V, statistic = chisq, df = k - 1,
       p_value = pchisq(chisq, k - 1, lower.tail = FALSE))
}
logrank <- list(
  lung_sex = difference(Surv(time, status) ~ sex, lung),
  veteran_cell = difference(Surv(time, status) ~ celltype, veteran),
  lung_sex_strata_ecog = difference(Surv(time, status) ~ sex + strata(ph.ecog), lung),
  veteran_trt_strata_cell = difference(Surv(time, status) ~ trt + strata(celltype), veteran),
  lung_sex_rho1 = difference(Surv(time, status) ~ sex, lung, 1),
  veteran_cell_rho1 = difference(Surv(time, status) ~ celltype, veteran, 1),
  veteran_cell_rho0.5 = difference(Surv(time, status) ~ celltype, veteran, 0.5),
  lung_sex_strata_ecog_rho1 = difference(Surv(time, status) ~ sex + strata(ph.ecog), lung, 1),
  ovarian_rx = difference(Surv(futime, fustat) ~ rx, ovarian))
for (e in list(c(0, 0), c(1, 0), c(0, 1), c(1, 1), c(0.5, 0.5))) {
  name <- paste(e, collapse = "_")
  logrank[[paste0("fh_lung_sex_", name)]] <-
    fleming_harrington(lung$time, lung$status == 2, lung$sex, e[1], e[2])
  logrank[[paste0("fh_veteran_cell_", name)]] <-
    fleming_harrington(veteran$time, veteran$status, veteran$celltype, e[1], e[2])
}
save_json(c(source_note, list(cases = logrank)), "logrank.json")

# --- restricted means ----------------------------------------------------------------------
area <- function(formula, data, tau) {
  table <- summary(survfit(formula, data), rmean = tau)$table
  if (!is.matrix(table)) table <- t(as.matrix(table))
  list(tau = tau, estimate = table[, "rmean"], std_error = table[, "se(rmean)"])
}
rmst <- list(
  lung_sex_365 = area(Surv(time, status) ~ sex, lung, 365),
  lung_sex_700 = area(Surv(time, status) ~ sex, lung, 700),
  veteran_trt_200 = area(Surv(time, status) ~ trt, veteran, 200),
  ovarian_rx_600 = area(Surv(futime, fustat) ~ rx, ovarian, 600),
  mgus2_all_120 = area(Surv(futime, death) ~ 1, mgus2, 120),
  heart_late_entry_300 = area(Surv(start, stop, event) ~ surgery, heart, 300))
save_json(c(source_note, list(cases = rmst)), "rmst.json")

# --- exact test of a table -----------------------------------------------------------------
tables <- list(
  two_by_two = rbind(c(3, 1), c(1, 3)), two_by_three = rbind(c(20, 30, 10), c(15, 25, 40)),
  three_by_three = rbind(c(20, 30, 10), c(15, 25, 40), c(3, 4, 5)),
  four_by_two = rbind(c(5, 7), c(6, 9), c(10, 3), c(8, 20)),
  empty_row = rbind(c(4, 9, 1), c(0, 0, 0), c(7, 2, 6)))
exact <- lapply(tables, function(t) list(
  table = t(t), p_value = fisher.test(t[rowSums(t) > 0, ], workspace = 2e7)$p.value))
save_json(c(source_note, list(cases = exact)), "exact.json")

writeLines(c(source_note$source, "survRM2 1.0-4 (values/survrm2.json only)"), "VERSIONS")
