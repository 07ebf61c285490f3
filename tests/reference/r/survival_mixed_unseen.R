# Writes values/survival/mixed_unseen.json: Cox models with random effects in combinations that
# frailty_laplace.json and frailty_gamma.json lack, on synthetic rows drawn here and kept with the
# answers. coxme is not in Debian: the partial likelihood with its derivatives, the modes and both
# integrated likelihoods are written out, with every matrix dense. Needs r-cran-numderiv and r-cran-matrix.
source("r/survival_setup.R")
suppressPackageStartupMessages(library(numDeriv))

set.seed(61)
n <- 150
rows <- data.frame(
  id = sprintf("i%03d", 1:n), g = sample(sprintf("g%02d", 1:11), n, TRUE), h = sample(c("a", "b", "c"), n, TRUE),
  k = sample(sprintf("k%d", 1:6), n, TRUE), many = sample(sprintf("m%02d", 1:58), n, TRUE), s = sample(c("p", "q", "r"), n, TRUE),
  x = round(rnorm(n), 2), z = round(rnorm(n) + 3, 2), trt = rbinom(n, 1, 0.5), f = sample(c("u", "v", "w"), n, TRUE),
  known = round(rnorm(n) / 3, 2), w = sample(c(0.5, 1, 2, 3), n, TRUE))
rows$many[1:14] <- "m01"; rows$many[15:22] <- "m02"; rows$g[1] <- "alone"
effect <- function(v, sd) rnorm(length(unique(v)), 0, sd)[as.integer(factor(v))]
eta <- 0.5 * rows$x + 0.4 * rows$trt + effect(rows$g, 0.9) + effect(paste(rows$g, rows$h), 0.7) + effect(rows$k, 0.6) +
  effect(rows$many, 0.8) + effect(rows$g, 0.9) * (rows$z - 3) + effect(rows$many, 0.9) * (rows$z - 3) +
  effect(rows$g, 0.8) * rows$x + rows$known
late <- rexp(n, exp(eta) / 12); out <- rexp(n, 1 / 18)
rows$time <- ceiling(pmin(late, out)); rows$event <- 1 * (late <= out)
rows$entry <- ifelse(runif(n) < 0.5, 0, pmax(0, rows$time - sample(1:6, n, TRUE)))
rows$event[rows$s == "r"] <- 0
rows$twice <- 2 * rows$x - rows$trt

# Columns at risk for each event, or for each of the tied events in turn under Efron's method.
likelihood <- function(d, ties, entry, strata, w) {
  at <- list()
  for (s in unique(strata)) for (t in sort(unique(d$time[strata == s & d$event == 1]))) {
    risk <- which(strata == s & d$time >= t & entry < t)
    dead <- which(strata == s & d$time == t & d$event == 1)
    m <- length(dead)
    if (ties == "efron") for (j in seq_len(m) - 1) {
      v <- numeric(nrow(d)); v[risk] <- 1; v[dead] <- 1 - j / m
      at[[length(at) + 1]] <- list(v * w, sum(w[dead]) / m)
    } else {
      v <- numeric(nrow(d)); v[risk] <- 1
      at[[length(at) + 1]] <- list(v * w, sum(w[dead]))
    }
  }
  list(V = do.call(cbind, lapply(at, `[[`, 1)), weight = vapply(at, `[[`, 0, 2), events = w * d$event)
}
log_lik <- function(P, eta) sum(P$events * eta) - sum(P$weight * log(crossprod(P$V, exp(eta))))
derivatives <- function(P, eta, M) {
  R <- P$V * exp(eta)
  R <- sweep(R, 2, colSums(R), "/")
  expected <- drop(R %*% P$weight)
  mean <- crossprod(M, R)
  list(g = drop(crossprod(M, P$events - expected)), H = crossprod(M, expected * M) - mean %*% (P$weight * t(mean)))
}
# Maximum of log_lik(X beta + Z L u) - penalty(u), nu being 0 for normal effects.
modes <- function(P, M, offset, p, nu = 0) {
  own <- seq_len(ncol(M)) > p
  penalty <- function(u) if (nu) c(nu * sum(expm1(u) - u)) else sum(u^2) / 2
  value <- function(y) log_lik(P, offset + drop(M %*% y)) - penalty(y[own])
  y <- numeric(ncol(M)); best <- value(y)
  for (i in 1:60) {
    at <- derivatives(P, offset + drop(M %*% y), M)
    u <- y[own]
    at$g[own] <- at$g[own] - if (nu) nu * expm1(u) else u
    curve <- if (nu) nu * exp(u) else rep(1, length(u))
    step <- solve(at$H + diag(replace(numeric(length(y)), own, curve), length(y)), at$g, tol = 1e-300)
    share <- 1
    while (!isTRUE(value(y + share * step) >= best - 1e-11 * abs(best)) && share > 1e-8) share <- share / 2
    y <- y + share * step; best <- value(y)
    if (sum(step * at$g) < 1e-17) break
  }
  list(y = y, value = best, curve = curve, partial = best + penalty(y[own]))
}
indicators <- function(g) outer(g, sort(unique(g)), "==") * 1
columns <- function(X, Z) do.call(cbind, lapply(seq_len(ncol(X)), function(j) X[, j] * Z))

# One model. blocks: list(group values, columns, correlated); sparse: which block is sparse.
read_case <- function(fixed, blocks, ties = "efron", entry = FALSE, strata = FALSE, weights = FALSE, offset = FALSE,
                      sparse = 0, keep = rep(TRUE, n)) {
  d <- rows[keep, ]
  X <- if (fixed == "1") matrix(0, nrow(d), 0) else model.matrix(as.formula(paste("~", fixed)), d)[, -1, drop = FALSE]
  blocks <- lapply(blocks, function(b) list(Z = indicators(b$g[keep]), X = b$X[keep, , drop = FALSE], cor = b$cor))
  alone <- unlist(lapply(seq_along(blocks), function(i) {
    b <- blocks[[i]]; L <- ncol(b$Z)
    c(if (i == sparse) colMeans(b$Z) <= 0.02 else rep(FALSE, L), rep(FALSE, L * (ncol(b$X) - 1)))
  }))
  w <- if (weights) d$w else rep(1, nrow(d))
  list(d = d, X = scale(X, scale = FALSE), blocks = blocks, alone = alone, w = w, offset = d$known * offset,
       Z = do.call(cbind, lapply(blocks, function(b) columns(b$X, b$Z))),
       P = likelihood(d, ties, if (entry) d$entry else rep(-1, nrow(d)), if (strata) d$s else rep("all", nrow(d)), w))
}
loadings <- function(case, theta) {
  parts <- list(); first <- 0
  for (b in case$blocks) {
    q <- ncol(b$X); L <- matrix(0, q, q)
    which <- if (b$cor) lower.tri(L, TRUE) else diag(q) == 1
    L[which] <- theta[first + seq_len(sum(which))]; first <- first + sum(which)
    parts[[length(parts) + 1]] <- L %x% diag(ncol(b$Z))
  }
  as.matrix(Matrix::bdiag(parts))
}
laplace <- function(case, theta, all = FALSE) {
  L <- loadings(case, theta); p <- ncol(case$X); Q <- ncol(case$Z); own <- p + seq_len(Q)
  found <- modes(case$P, cbind(case$X, case$Z %*% L), case$offset, p)
  b <- drop(L %*% found$y[own])
  eta <- case$offset + drop(cbind(case$X, case$Z) %*% c(found$y[seq_len(p)], b))
  H <- derivatives(case$P, eta, cbind(case$X, case$Z))$H
  shared <- p + which(case$alone)
  H[shared, shared] <- diag(diag(H)[shared], length(shared))
  J <- rbind(cbind(diag(p), matrix(0, p, Q)), cbind(matrix(0, Q, p), L))
  H <- t(J) %*% H %*% J
  H[own, own] <- H[own, own] + diag(Q)
  value <- found$value - as.numeric(determinant(H[own, own])$modulus) / 2
  if (!all) return(value)
  V <- solve(H, tol = 1e-300)
  list(theta = theta, coef = unname(found$y[seq_len(p)]), vcov = unname(c(V[seq_len(p), seq_len(p)])), log_lik = value,
       penalised = found$value, partial = found$partial, b = unname(b),
       b_se = sqrt(pmax(0, diag(L %*% solve(H[own, own]) %*% t(L)))), df = p + Q - sum(diag(V)[own]))
}
normal_case <- function(start, ...) {
  case <- read_case(...)
  value <- function(theta) laplace(case, theta)
  best <- optim(start, function(x) -value(x), method = "BFGS", control = list(reltol = 1e-12))$par
  for (i in 1:3) best <- best - solve(hessian(value, best), grad(value, best))
  stopifnot(max(eigen(hessian(value, best))$values) < 0)
  laplace(case, best, TRUE)
}
gamma_case <- function(g, theta = NULL, ...) {
  case <- read_case(..., blocks = list(list(g = g, X = cbind(rep(1, n)), cor = TRUE)))
  p <- ncol(case$X); M <- cbind(case$X, case$Z); own <- p + seq_len(ncol(case$Z))
  events <- drop(crossprod(case$Z, case$P$events)); d <- events[events > 0]
  at <- function(theta) {
    nu <- 1 / theta
    found <- modes(case$P, M, case$offset, p, nu)
    found$log_lik <- found$value + sum(d + nu * log(nu / (nu + d)) + lgamma(nu + d) - lgamma(nu) - d * log(nu + d))
    found
  }
  if (is.null(theta)) {
    value <- function(x) at(exp(x))$log_lik
    x <- optimise(value, log(c(0.01, 20)), maximum = TRUE, tol = 1e-7)$maximum
    for (i in 1:3) x <- x - grad(value, x) / c(hessian(value, x))
    theta <- exp(x)
  }
  found <- at(theta)
  H <- derivatives(case$P, case$offset + drop(M %*% found$y), M)$H
  H[own, own] <- diag(diag(H)[own] + found$curve)
  V <- solve(H, tol = 1e-300)
  list(theta = theta, coef = unname(found$y[seq_len(p)]), vcov = unname(c(V[seq_len(p), seq_len(p)])),
       log_lik = found$log_lik, penalised = found$value, partial = found$partial, b = unname(found$y[own]),
       b_se = unname(sqrt(1 / diag(H)[own])))
}
one <- cbind(rep(1, n))
with_z <- cbind(1, rows$z)
block <- function(g, X = one, cor = TRUE) list(g = g, X = X, cor = cor)
inner <- paste(rows$g, rows$h, sep = ":")
cases <- list(
  nested = normal_case(c(0.8, 0.6), "x + trt", list(block(rows$g), block(inner))),
  nested_late = normal_case(c(0.8, 0.6), "x", list(block(rows$g), block(inner)), "breslow", entry = TRUE, offset = TRUE),
  three_crossed = normal_case(c(0.8, 0.5, 0.5), "x + trt", list(block(rows$g), block(rows$k), block(inner)), weights = TRUE),
  slope_strata = normal_case(c(2, -0.7, 0.6), "z + trt", list(block(rows$g, with_z)), entry = TRUE, strata = TRUE),
  slope_weights = normal_case(c(2, -0.7, 0.6), "z + x", list(block(rows$g, with_z)), "breslow", weights = TRUE, offset = TRUE),
  slope_alone = normal_case(0.5, "z", list(block(rows$g, cbind(rows$z)))),
  slope_and_crossed = normal_case(c(2, -0.7, 0.6, 0.5), "z", list(block(rows$g, with_z), block(rows$k))),
  three_effects = normal_case(c(2, -0.7, 0.1, 0.6, 0.1, 0.6), "x + z", list(block(rows$g, cbind(1, rows$x, rows$z)))),
  sparse = normal_case(0.7, "x + trt", list(block(rows$many)), sparse = 1),
  sparse_alone = normal_case(0.7, "1", list(block(rows$many)), "breslow", weights = TRUE, sparse = 1),
  sparse_slope = normal_case(c(2, -0.7, 0.6), "z", list(block(rows$many, with_z)), sparse = 1),
  second_dense = normal_case(c(0.5, 0.7), "x", list(block(rows$k), block(rows$many))),
  left_out = normal_case(0.7, "x + trt + f", list(block(rows$g)), keep = seq_len(n) %% 9 != 0),
  gamma_weights = gamma_case(rows$g, fixed = "x + trt", weights = TRUE, entry = TRUE, offset = TRUE),
  gamma_many = gamma_case(rows$many, fixed = "x", ties = "breslow", strata = TRUE),
  gamma_given = gamma_case(inner, 1.5, fixed = "x + z", weights = TRUE, strata = TRUE))
frame <- lapply(as.list(rows), unname)
save_cases(c(list(data = frame), cases), "mixed_unseen", paste(
  "theta is carried to the optimum by Newton steps with Richardson derivatives; b lists the levels",
  "of each factor in order, effect after effect"), c("survival", "numDeriv", "Matrix"))
