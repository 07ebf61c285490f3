# Writes values/survival/drawn.json: synthetic samples drawn here and kept with the answers, in
# combinations that the published data sets lack. What no package has is written out: the
# jackknife of weighted clusters, predicted occupation with errors, and score and information of
# censored likelihoods by numerical derivatives. Needs r-cran-numderiv, r-cran-clubsandwich.
source("r/survival_setup.R")
suppressPackageStartupMessages({library(numDeriv); library(clubSandwich)})

columns <- function(m) lapply(seq_len(ncol(m)), function(j) unname(m[, j]))
plain <- function(frame) lapply(as.list(frame), function(x) if (is.factor(x)) as.character(x) else unname(x))
cases <- list()

# --- a graph with returns: entry late and in any state, weights, clusters, ties -----------------
set.seed(20)
STATES <- c("a", "b", "c", "end")
walk <- function(i) {
  at <- sample(c(0, 0, 1, 2), 1); state <- sample(STATES[1:3], 1); x <- round(rnorm(1), 1); rows <- NULL
  w <- sample(1:4, 1) / 2
  for (k in 1:5) {
    to <- sample(c(setdiff(STATES, state), "none"), 1, prob = c(3, 3, 2, 2))
    time <- at + sample(1:4, 1)
    rows <- rbind(rows, data.frame(id = i, entry = at, time = time, from = state, state = to, x = x, w = w,
                                   team = i %% 7, half = i %% 2, known = (i %% 5) / 10))
    if (to %in% c("none", "end")) break
    at <- time; state <- to
  }
  rows
}
graph <- do.call(rbind, lapply(1:40, walk))
graph$state <- factor(graph$state, c("none", STATES))
graph$from <- factor(graph$from, STATES)
fit <- survfit(Surv(entry, time, state) ~ 1, graph, id = id, istate = from, weights = w, influence = TRUE)
own <- graph[!duplicated(graph$id), ]
U <- fit$influence.pstate * own$w
se <- apply(U, c(2, 3), function(u) sqrt(sum(rowsum(u, own$team)^2)))
cases$graph <- list(data = plain(graph), states = fit$states, time = fit$time, p0 = fit$p0,
                    pstate = columns(fit$pstate), se0 = se[1, ], se = columns(se[-1, ]))

# --- Cox models of its transitions, and occupation predicted from them -------------------------
pairs <- unique(graph[graph$state != "none", c("from", "state")])
pairs <- pairs[order(pairs$from, pairs$state), ]
risk <- function(k) transform(graph[graph$from == pairs$from[k], ],
                              event = as.integer(as.character(state) == pairs$state[k]))
models <- lapply(seq_len(nrow(pairs)), function(k) coxph(
  Surv(entry, time, event) ~ x + strata(half) + offset(known), risk(k), weights = w, cluster = id,
  control = exactly))
cases$transitions <- list(from = as.character(pairs$from), to = as.character(pairs$state),
  coef = vapply(models, function(f) unname(coef(f)), 0), se = vapply(models, function(f) sqrt(vcov(f)[1]), 0))

alone <- lapply(seq_len(nrow(pairs)), function(k) coxph(
  Surv(entry, time, event) ~ x, risk(k), cluster = id, control = exactly))
grid <- sort(unique(graph$time[graph$state != "none"]))
# Efron's increments at x = 0.5: each of d tied events with the share of the tied it still meets.
shares <- function(k, t) {
  r <- risk(k); there <- r$entry < t & r$time >= t; ends <- r$time == t & r$event == 1
  list(risk = r$x[there] - 0.5, tied = r$x[ends] - 0.5)
}
increments <- function(beta, power = 1) t(vapply(grid, function(t) vapply(seq_along(beta), function(k) {
  s <- shares(k, t); d <- length(s$tied)
  if (d == 0) return(0)
  sum((sum(exp(beta[k] * s$risk)) - (seq_len(d) - 1) / d * sum(exp(beta[k] * s$tied)))^-power)
}, 0), numeric(length(beta))))
path <- function(A) {
  p <- c(1, 0, 0, 0); out <- NULL
  for (i in seq_along(grid)) {
    Q <- matrix(0, 4, 4)
    for (k in seq_len(nrow(pairs))) Q[as.integer(pairs$from[k]), match(pairs$state[k], STATES)] <- A[i, k]
    diag(Q) <- -rowSums(Q)
    p <- as.vector(p %*% as.matrix(Matrix::expm(Q)))
    out <- rbind(out, p)
  }
  unname(out)
}
beta <- vapply(alone, coef, 0)
A <- increments(beta)
# Errors of all coefficients by person, across transitions.
influence <- vapply(seq_along(alone), function(k) {
  D <- rowsum(residuals(alone[[k]], "dfbeta"), risk(k)$id)
  out <- numeric(40); out[as.integer(rownames(D))] <- D; out
}, numeric(40))
G <- jacobian(function(b) as.vector(path(increments(b))), beta)
H <- jacobian(function(a) as.vector(path(matrix(a, nrow(A)))), as.vector(A))
variance <- rowSums((G %*% crossprod(influence)) * G) + as.vector(H^2 %*% as.vector(increments(beta, 2)))
cases$predicted <- list(time = grid, pstate = columns(path(A)), se = columns(matrix(sqrt(variance), length(grid))))

# --- repeated events: gaps, late entry, weights, clusters, times of 1e9 -------------------------
set.seed(21)
again <- do.call(rbind, lapply(1:25, function(i) {
  begin <- cumsum(sample(1:4, 4, TRUE)) * 2; length <- sample(1:2, 4, TRUE)
  data.frame(id = i, entry = begin, time = begin + length, event = rbinom(4, 1, 0.6), arm = i %% 2, team = i %% 6,
             w = (1 + i %% 3) / 2)[seq_len(sample(1:4, 1)), ]
}))
again$entry <- again$entry * 1e9; again$time <- again$time * 1e9
curve <- function(arm) {
  r <- again[again$arm == arm, ]; H <- 0; influence <- numeric(6); out <- NULL
  for (t in sort(unique(r$time))) {
    there <- r$entry < t & r$time >= t; ends <- r$time == t & r$event == 1
    step <- sum(r$w[ends]) / sum(r$w[there]); H <- H + step
    moved <- tapply(r$w * (ends - there * step) / sum(r$w[there]), factor(r$team, 0:5), sum, default = 0)
    influence <- influence + as.vector(moved)
    out <- rbind(out, data.frame(arm, t, H, sqrt(sum(influence^2))))
  }
  out
}
both <- rbind(curve(0), curve(1))
cases$recurrent <- list(data = plain(again), arm = both[, 1], time = both[, 2], mcf = both[, 3], se = both[, 4])

# --- a few groups: weights, a known part, the complementary log-log -----------------------------
set.seed(22)
course <- do.call(rbind, lapply(1:36, function(i) data.frame(
  id = i, session = 1:sample(1:4, 1), x = round(rnorm(1), 1), known = (i %% 4) / 5, team = i %% 6, w = (1 + i %% 3) / 2)))
course$event <- 0
last <- !duplicated(course$id, fromLast = TRUE)
course$event[last] <- rbinom(sum(last), 1, 0.6)
f <- glm(event ~ session * x + offset(known), quasibinomial("cloglog"), course, weights = w, epsilon = 1e-14, maxit = 200)
f <- update(f, start = coef(f), family = binomial("cloglog"), epsilon = 1e-15)
cr2 <- vcovCR(f, course$team, type = "CR2")
cases$sessions <- list(data = plain(course), coef = unname(coef(f)), CR2 = unname(sqrt(diag(cr2))),
                       df = coef_test(f, cr2, test = "Satterthwaite")$df)

# --- censored likelihoods ----------------------------------------------------------------------
set.seed(23)
n <- 60
seen <- data.frame(x = round(rnorm(n), 1), z = rbinom(n, 1, 0.5), team = seq_len(n) %% 9, w = (1 + seq_len(n) %% 3) / 2)
T <- exp(1 + 0.4 * seen$x + 0.5 * log(rexp(n)))
kind <- seq_len(n) %% 4
width <- rexp(n)
seen$lower <- ifelse(kind == 0, NA, ifelse(kind == 1, pmax(T - width, 0.05), T))
seen$upper <- ifelse(kind == 2, NA, ifelse(kind == 1, T + width, T))
seen$upper[kind == 0] <- (T + width)[kind == 0]
enters <- ifelse(runif(n) < 0.4, T * runif(n), 0)
# Log likelihood of each row from log density and log survival at a time.
of_intervals <- function(lf, lS) {
  L <- seen$lower; R <- seen$upper; exact <- !is.na(L) & !is.na(R) & L == R
  a <- ifelse(is.na(L), 0, lS(ifelse(is.na(L), 1, L))); b <- ifelse(is.na(R), -Inf, lS(ifelse(is.na(R), 1, R)))
  ifelse(exact, lf(ifelse(exact, L, 1)), a + log1p(-exp(ifelse(exact, -1, b - a))))
}
at_maximum <- function(rows, start, weight, cluster = NULL) {
  total <- function(b) sum(weight * rows(b))
  b <- optim(start, function(b) -total(b), method = "BFGS", control = list(reltol = 1e-14, maxit = 1000))$par
  for (i in 1:4) b <- b - solve(hessian(total, b), grad(total, b))
  V <- solve(-hessian(total, b))
  if (!is.null(cluster)) V <- V %*% crossprod(rowsum(weight * jacobian(rows, b), cluster)) %*% V
  list(coef = unname(b), se = unname(sqrt(diag(V))), loglik = total(b))
}
scale_model <- function(ld, lp) function(b) of_intervals(
  function(t) ld((log(t) - b[1] - b[2] * seen$x) / exp(b[3])) - b[3] - log(t),
  function(t) lp((log(t) - b[1] - b[2] * seen$x) / exp(b[3])))
cases$intervals <- list(data = plain(seen))
cases$weibull <- at_maximum(scale_model(function(z) z - exp(z), function(z) -exp(z)), c(1, 0.4, -0.5), seen$w, seen$team)
cases$loglogistic <- at_maximum(scale_model(function(z) dlogis(z, log = TRUE), function(z) plogis(z, lower.tail = FALSE, log.p = TRUE)),
                                c(1, 0.4, -0.5), seen$w, seen$team)
# A spline of the log odds in log time with an effect that changes with it.
times <- with(seen, log(lower[!is.na(lower) & !is.na(upper) & lower == upper]))
knots <- unname(quantile(times, c(0, 1 / 2, 1)))
basis <- function(y, slope = FALSE) {
  share <- (knots[3] - knots[2]) / (knots[3] - knots[1])
  p <- function(k) if (slope) 3 * pmax(y - k, 0)^2 else pmax(y - k, 0)^3
  cbind(if (slope) 0 else 1, if (slope) 1 else y, p(knots[2]) - share * p(knots[1]) - (1 - share) * p(knots[3]))
}
spline <- function(b) {
  eta <- function(t) as.vector(basis(log(t)) %*% b[1:3]) + b[4] * seen$x + b[5] * seen$z + b[6] * seen$z * log(t)
  rise <- function(t) as.vector(basis(log(t), TRUE) %*% b[1:3]) + b[6] * seen$z
  of_intervals(function(t) eta(t) + log(rise(t)) - log(t) - 2 * log1p(exp(eta(t))), function(t) -log1p(exp(eta(t))))
}
cases$spline <- c(at_maximum(spline, c(-3, 2.5, 0, -1, 0, 0), rep(1, n)), list(knots = knots))
# A cured fraction with late entry and weights.
late <- data.frame(x = seen$x, z = seen$z, w = seen$w, entry = enters, time = T, event = 1)
cured <- seq_len(n) %% 3 == 0
late$time[cured] <- 9 + (seq_len(n)[cured] %% 5); late$event[cured] <- 0
cure <- function(b) {
  odds <- b[1] + b[2] * late$z; z <- function(t) (log(t) - b[3] - b[4] * late$x) / exp(b[5])
  S <- function(t) plogis(odds) + plogis(-odds) * pnorm(z(t), lower.tail = FALSE)
  l <- ifelse(late$event == 1, plogis(-odds, log.p = TRUE) + dnorm(z(late$time), log = TRUE) - b[5] - log(late$time), log(S(late$time)))
  l - ifelse(late$entry > 0, log(S(pmax(late$entry, 1e-9))), 0)
}
cases$cure <- c(list(data = plain(late)), at_maximum(cure, c(-0.7, 0, 1, 0.4, -0.5), late$w))
save_cases(cases, "drawn", "Synthetic samples, kept with the answers.", c("survival", "numDeriv", "clubSandwich", "Matrix"))
