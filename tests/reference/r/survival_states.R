# Writes values/survival/{states,transitions,recurrent_models,episodes}.json: several states,
# Cox models of transitions, repeated events, rows cut into episodes.
# Influence of each person is asked of survfit, and its squares are added up here, for what
# survfit does not print: expected times with errors, errors by cluster, errors with estimated
# starting shares.
source("r/survival_setup.R")

ms <- read_data("mgus2_ms")
ms$state <- factor(ms$state, c("censor", "pcm", "death"))
ms$w <- 1 + (ms$id %% 5) / 4
AT <- c(1, 7.9, 12, 60, 100, 240, 330)

answers <- function(fit, times = AT, ...) {
  s <- summary(fit, times = times, extend = TRUE)
  drop_null(list(time = s$time, strata = as.character(s$strata), pstate = columns(s$pstate),
       se = columns(s$std.err), n_risk = columns(s$n.risk), lower = columns(s$lower), upper = columns(s$upper), ...))
}
columns <- function(m) if (!is.null(m)) lapply(seq_len(ncol(m)), function(j) unname(m[, j]))
drop_null <- function(x) x[vapply(x, function(v) length(v) > 0, TRUE)]
# Influence matrices: persons, times (the first is the start), states.
at_times <- function(fit, times) 1 + findInterval(times, fit$time)
influence_se <- function(fit, times, cluster = NULL) {
  I <- fit$influence.pstate
  t(vapply(at_times(fit, times), function(i) {
    U <- I[, i, ]
    if (!is.null(cluster)) U <- rowsum(U, cluster)
    sqrt(colSums(U^2))
  }, numeric(dim(I)[3])))
}
expected_time <- function(fit, tau) {
  edges <- c(0, fit$time[fit$time < tau], tau)
  width <- diff(edges)
  inside <- seq_along(width)
  p <- rbind(fit$p0, fit$pstate)[inside, ]
  U <- apply(fit$influence.pstate[, inside, ], c(1, 3), function(x) sum(x * width))
  list(tau = tau, mean = colSums(p * width), se = sqrt(colSums(U^2)), cov = columns(crossprod(U)))
}
person_value <- function(fit, data, column) {
  ids <- sort(unique(data$id))
  data[[column]][match(ids, data$id)]
}

# --- occupation -------------------------------------------------------------------------------
full <- survfit(Surv(tstart, tstop, state) ~ 1, ms, id = id, influence = TRUE)
states <- list()
states$by_sex <- answers(survfit(Surv(tstart, tstop, state) ~ sex, ms, id = id))
for (type in c("plain", "log-log", "logit"))
  states[[paste0("all_", type)]] <- answers(survfit(Surv(tstart, tstop, state) ~ 1, ms, id = id,
                                                    conf.type = type, conf.int = 0.9))
states$weighted <- answers(survfit(Surv(tstart, tstop, state) ~ 1, ms, id = id, weights = w))
states$cluster_age <- list(time = AT,
  se = columns(influence_se(full, AT, person_value(full, ms, "age"))))
states$expected <- list(expected_time(full, 60), expected_time(full, 240), expected_time(full, 424))
states$cumhaz <- list(time = AT, cumhaz = columns(full$cumhaz[findInterval(AT, full$time), ]))

# Late entry after 24 months, in the state held then: starting shares are estimated.
late <- ms[ms$tstop > 24, ]
late$tstart <- pmax(late$tstart, 24)
late$from <- ifelse(late$enum == 2, "pcm", "mgus")
f <- survfit(Surv(tstart, tstop, state) ~ 1, late, id = id, istate = from, influence = TRUE)
states$late_entry <- answers(f)
states$late_entry$se <- columns(influence_se(f, AT))
states$late_entry$states <- f$states
states$late_entry$p0 <- f$p0
states$late_entry_expected <- expected_time(f, 240)

# Staggered entry: a person is seen only from (id mod 40) months on; the state is then known.
stag <- ms
stag$tstart <- pmax(stag$tstart, stag$id %% 40)
stag <- stag[stag$tstop > stag$tstart, ]
stag$from <- ifelse(stag$enum == 2, "pcm", "mgus")
f <- survfit(Surv(tstart, tstop, state) ~ sex, stag, id = id, istate = from, p0 = c(1, 0, 0))
states$staggered <- answers(f, AT[-1])
states$staggered$states <- f$states

# P(60, t) from pcm: everybody at risk after 60 months, or those in pcm at 60 months.
after <- ms[ms$tstop > 60, ]
after$tstart <- pmax(after$tstart, 60)
after$from <- factor(ifelse(after$enum == 2, "pcm", "mgus"), c("mgus", "pcm"))
P <- function(rows, p0)
  answers(survfit(Surv(tstart, tstop, state) ~ 1, rows, id = id, istate = from, p0 = p0),
          c(70, 100, 240))
states$from_pcm <- P(after, c(0, 1, 0))
states$from_mgus <- P(after, c(1, 0, 0))
there <- after$id[after$tstart == 60 & after$from == "mgus"]
states$landmark_mgus <- P(after[after$id %in% there, ], c(1, 0, 0))

# A cycle with ties of different transitions, several visits, censoring at an event time.
cycle <- data.frame(
  id    = c(1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 6, 6, 7, 8),
  entry = c(0, 2, 3, 5, 0, 2, 4, 0, 3, 0, 0, 4, 1, 3, 5, 2, 0),
  time  = c(2, 3, 5, 7, 2, 4, 6, 3, 6, 4, 4, 5, 3, 5, 8, 5, 2),
  state = c("ill", "well", "ill", "none", "ill", "well", "dead", "ill", "dead", "dead", "ill",
            "none", "ill", "well", "none", "dead", "none"))
cycle$state <- factor(cycle$state, c("none", "well", "ill", "dead"))
cycle$from <- "well"
for (i in seq_len(nrow(cycle))[-1]) if (cycle$id[i] == cycle$id[i - 1])
  cycle$from[i] <- as.character(cycle$state[i - 1])
cycle$from <- factor(cycle$from, c("well", "ill", "dead"))
f <- survfit(Surv(entry, time, state) ~ 1, cycle, id = id, istate = from, influence = TRUE)
states$cycle <- answers(f, f$time)
states$cycle$states <- f$states
states$cycle$data <- lapply(cycle, function(x) if (is.factor(x)) as.character(x) else x)
states$cycle$expected <- expected_time(f, 7)

# Transplant, remission, relapse and death of myeloid: built by tmerge, ties taken together.
my <- read_data("myeloid")
m <- tmerge(my[, c("id", "trt")], my, id = id, death = event(futime, death),
            sct = event(txtime), cr = event(crtime), relapse = event(rltime))
m$code <- with(m, cr + 2 * sct + 4 * relapse + 8 * death)
m$what <- factor(m$code, c(0, 1, 2, 3, 4, 6, 8), c("none", "cr", "sct", "cr_sct", "relapse",
                                                   "sct_relapse", "death"))
stopifnot(!anyNA(m$what))
m$what <- droplevels(m$what)
f <- survfit(Surv(tstart, tstop, what) ~ trt, m, id = id)
states$myeloid <- answers(f, c(30, 100, 365, 1000))
states$myeloid$states <- f$states
tr <- f$transitions
states$myeloid$transitions <- list(from = rownames(tr), to = colnames(tr), n = columns(matrix(tr, nrow(tr))))
save_cases(states, "states",
           "survfit multi-state: infinitesimal-jackknife SE")

# --- transitions ------------------------------------------------------------------------------
cox_answers <- function(f, ...) list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))),
  vcov = columns(unname(vcov(f))), naive_se = unname(sqrt(diag(f$naive.var))), ...)
new <- data.frame(age = c(60, 80), sex = c("F", "M"))
at <- c(12, 60, 120, 240)
separate <- coxph(Surv(tstart, tstop, state) ~ age + sex, ms, id = id, control = exactly)
breslow <- coxph(Surv(tstart, tstop, state) ~ age + sex, ms, id = id, control = exactly,
                 ties = "breslow")
shared <- coxph(list(Surv(tstart, tstop, state) ~ sex, 1:2 + 1:3 + 2:3 ~ age / common), ms,
                id = id, control = exactly)
staggered <- coxph(Surv(tstart, tstop, state) ~ age, stag, id = id, istate = from,
                   control = exactly)
weighted <- coxph(Surv(tstart, tstop, state) ~ age, ms, id = id, weights = w, control = exactly)
predicted <- summary(survfit(breslow, newdata = new), times = at)$pstate
transitions <- list(
  separate = cox_answers(separate), breslow = cox_answers(breslow),
  # R lists a common coefficient once, first where it first stands.
  common_age = cox_answers(shared, names = names(coef(shared))),
  staggered = cox_answers(staggered), weighted = cox_answers(weighted),
  predicted = list(time = at, pstate = lapply(1:3, function(s) columns(predicted[, , s]))))
save_cases(transitions, "transitions",
           "coxph multi-state; se = robust by person; predicted: Breslow ties, matrix exponentials")

# --- repeated events --------------------------------------------------------------------------
cgd <- read_data("cgd")
cgd$treat <- factor(cgd$treat, c("placebo", "rIFN-g"))
cgd$w <- 1 + (cgd$id %% 3) / 2
mcf <- function(f) drop_null(list(time = f$time, strata = if (!is.null(f$strata)) unname(rep(names(f$strata), f$strata)),
                        n_risk = f$n.risk, mcf = f$cumhaz, se = f$std.chaz))
recurrent <- list()
recurrent$all <- mcf(survfit(Surv(tstart, tstop, status) ~ 1, cgd, id = id))
recurrent$weighted <- mcf(survfit(Surv(tstart, tstop, status) ~ treat, cgd, id = id, weights = w))
recurrent$by_center <- mcf(survfit(Surv(tstart, tstop, status) ~ treat, cgd, cluster = center))
lateg <- cgd
lateg$tstart <- pmax(lateg$tstart, lateg$id %% 60)
lateg <- lateg[lateg$tstop > lateg$tstart, ]
recurrent$late_entry <- mcf(survfit(Surv(tstart, tstop, status) ~ treat, lateg, id = id))
score <- function(formula, by) {
  cgd$by <- cgd[[by]]
  f <- coxph(formula, cgd, ties = "breslow", cluster = by)
  list(test = unname(summary(f)$robscore))
}
recurrent$test_treat <- score(Surv(tstart, tstop, status) ~ treat, "id")
recurrent$test_hospital <- score(Surv(tstart, tstop, status) ~ hos.cat, "id")
recurrent$test_center <- score(Surv(tstart, tstop, status) ~ treat, "center")
# A difference whose clusters are in both groups, from influence: sums by centre.
infl <- function(level) survfit(Surv(tstart, tstop, status) ~ 1, cgd[cgd$treat == level, ],
                                cluster = center, influence = 2)
a <- infl("placebo"); b <- infl("rIFN-g")
U <- function(f, t) {
  u <- f$influence.chaz[, findInterval(t, f$time)]
  setNames(u, rownames(f$influence.chaz))
}
both <- sort(unique(cgd$center))
diff_at <- c(100, 200, 300)
recurrent$difference_center <- list(time = diff_at,
  estimate = vapply(diff_at, function(t) b$cumhaz[findInterval(t, b$time)] -
                      a$cumhaz[findInterval(t, a$time)], 0),
  se = vapply(diff_at, function(t) {
    one <- U(a, t)[both]; two <- U(b, t)[both]
    one[is.na(one)] <- 0; two[is.na(two)] <- 0
    sqrt(sum((two - one)^2))
  }, 0))

bl <- read_data("bladder1")
bl <- bl[bl$stop > bl$start, ]
bl$treatment <- factor(bl$treatment, c("placebo", "pyridoxine", "thiotepa"))
bl$event <- as.integer(bl$status == 1)
rec <- function(f) list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))),
                        naive_se = unname(sqrt(diag(f$naive.var))), loglik = f$loglik)
for (ties in c("efron", "breslow")) {
  key <- function(name) paste0(name, "_", ties)
  recurrent[[key("andersen_gill")]] <- rec(coxph(Surv(start, stop, event) ~ treatment + number + size,
    bl, cluster = id, ties = ties, control = exactly))
  recurrent[[key("pwp_total")]] <- rec(coxph(Surv(start, stop, event) ~ treatment + number + size +
    strata(enum), bl, cluster = id, ties = ties, control = exactly))
  recurrent[[key("pwp_gap")]] <- rec(coxph(Surv(stop - start, event) ~ treatment + number + size +
    strata(enum), bl, cluster = id, ties = ties, control = exactly))
}
recurrent$pwp_total_first4 <- rec(coxph(Surv(start, stop, event) ~ treatment + number + strata(enum),
  bl[bl$enum <= 4, ], cluster = id, control = exactly))
wlw <- do.call(rbind, lapply(split(bl, bl$id), function(x) {
  x <- x[order(x$stop), ]
  seen <- x$stop[x$event == 1]
  do.call(rbind, lapply(1:4, function(k) data.frame(
    x[1, c("id", "treatment", "number")], k = k, event = as.integer(length(seen) >= k),
    time = if (length(seen) >= k) seen[k] else max(x$stop))))
}))
recurrent$wlw <- rec(coxph(Surv(time, event) ~ treatment + number + strata(k), wlw, cluster = id,
                           control = exactly))
recurrent$wlw_own_effects <- rec(coxph(Surv(time, event) ~ treatment:factor(k) + strata(k),
  transform(wlw, treatment = as.numeric(treatment == "thiotepa")), cluster = id, control = exactly))
recurrent$cgd_andersen_gill <- rec(coxph(Surv(tstart, tstop, status) ~ treat + sex + age +
  strata(hos.cat), cgd, cluster = id, control = exactly))
save_cases(recurrent, "recurrent_models",
           "survfit mean functions with SE by person; coxph with errors by person")

# --- episodes ---------------------------------------------------------------------------------
plain <- function(frame) lapply(as.list(frame), function(x) if (is.factor(x)) as.character(x) else unname(x))
lung <- read_data("lung")
lung$row <- seq_len(nrow(lung))
lung$event <- lung$status - 1
cut1 <- survSplit(Surv(time, event) ~ ., lung[, c("time", "event", "row")], cut = c(180, 360, 361, 2000),
                  episode = "interval", start = "entry", end = "time", event = "event")
heart <- read_data("heart")
heart$row <- seq_len(nrow(heart))
cut2 <- survSplit(Surv(start, stop, event) ~ row, heart, cut = c(1, 16, 50, 100, 100.5),
                  episode = "interval")
n <- 60
base <- data.frame(id = 1:n, futime = 5 + (1:n * 7) %% 23, status = as.integer(1:n %% 3 == 0))
k <- 1:400
changes <- data.frame(id = 1 + (k * 13) %% (n + 3), day = (k * 11) %% 31, score = (k * 17) %% 10)
changes$score[k %% 9 == 0] <- NA
two <- rbind(data.frame(base[, "id", drop = FALSE], from = 2 + base$id %% 3, to = 4 + base$id %% 3 + base$id %% 2,
                        ev = 0),
             data.frame(base[base$futime > 9, "id", drop = FALSE], from = 7 + base$id[base$futime > 9] %% 2,
                        to = base$futime[base$futime > 9], ev = base$status[base$futime > 9]))
two <- two[two$from < two$to, ]
two <- two[order(two$id, two$from), ]
two <- two[!(duplicated(two$id) & c(0, two$to[-nrow(two)]) > two$from), ]
d0 <- tmerge(base, base, id = id, event = event(futime, status))
d1 <- tmerge(base[, c("id", "status")], two, id = id, tstart = from, tstop = to)
covariate <- tmerge(d0, changes, id = id, score = tdc(day, score))
episodes <- list(
  split_lung = list(cut = c(180, 360, 361, 2000), rows = plain(cut1[order(cut1$row, cut1$entry), c("row", "entry", "time", "event", "interval")])),
  split_heart = list(cut = c(1, 16, 50, 100, 100.5), rows = plain(cut2[order(cut2$row, cut2$start), c("row", "start", "stop", "event", "interval")])),
  base = plain(base), changes = plain(changes), two = plain(two))
pieces <- function(x, name) list(rows = plain(x[, intersect(c("id", "tstart", "tstop", "event", name), names(x))]),
                                 tcount = as.list(attr(x, "tcount")[name, ]))
episodes$covariate <- pieces(covariate, "score")
episodes$cumulative <- pieces(tmerge(d0, changes, id = id, score = cumtdc(day, score)), "score")
episodes$happening <- pieces(tmerge(d0, changes, id = id, score = event(day, score)), "score")
episodes$delayed <- pieces(tmerge(d0, changes, id = id, score = tdc(day, score, -1), options = list(delay = 2)), "score")
episodes$gaps <- pieces(tmerge(d1, changes, id = id, score = tdc(day, score)), "score")
save_cases(episodes, "episodes",
           "survSplit and tmerge")
