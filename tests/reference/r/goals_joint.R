# Writes values/goals/joint.json and data/goals/joint.csv: the likelihood of ratings and dropout
# together, written out in R and integrated over a parent's intercept and slope by a product rule
# of Gauss-Hermite nodes that does not adapt; goals are left to mvtnorm's normal density. Its
# maximum by optim and Newton steps; without association the two parts by lme4 and glm.
# Run from tests/reference, through regenerate.sh.
suppressPackageStartupMessages({library(lme4); library(mvtnorm); library(statmod); library(numDeriv)})
source("r/survival_setup.R")
save_cases <- function(cases, name) {
  versions <- vapply(c("lme4", "mvtnorm", "statmod", "numDeriv"),
                     function(p) paste(p, packageVersion(p)), "")
  text <- paste0('{\n "source": "', paste(c(R.version.string, versions), collapse = ", "),
                 '",\n "note": "Likelihoods written out in R; synthetic data.",\n "cases": ',
                 to_json(cases, " "), "\n}")
  dir.create("values/goals", showWarnings = FALSE)
  writeLines(text, file.path("values", "goals", paste0(name, ".json")))
}

# --- 60 parents, four sessions, one or two goals, a covariate of both parts ---------------------
set.seed(20240615)
K <- 4; n <- 60
d <- local({
  x <- rbinom(n, 1, 0.4); u <- rnorm(n, 0, 1.1); v <- -0.25 * u + rnorm(n, 0, 1.2)
  G <- sample(1:2, n, TRUE)
  last <- rep(K, n)
  for (k in 1:(K - 1)) {
    gone <- last == K & runif(n) < plogis(c(-1.4, -1.6, -1.9)[k] + 0.4 * x - 0.6 * v)
    last[gone] <- k
  }
  rows <- do.call(rbind, lapply(1:n, function(i) do.call(rbind, lapply(1:G[i], function(j) {
    w <- rnorm(1, 0, 0.8)
    k <- 1:K; s <- (k - 1) / (K - 1)
    y <- 3 + u[i] + w + s * (2 - 0.3 * x[i] + v[i]) + rnorm(K)
    y <- pmin(pmax(floor(y + 0.5), 0), 10)
    data.frame(id = i, item = j, session = k, stage = s, x = x[i], last = last[i],
               score = ifelse(k <= last[i] & (k == 1 | runif(K) < 0.9), y, NA))
  }))))
})
write.csv(d, "data/goals/joint.csv", row.names = FALSE, na = "", quote = FALSE)
rated <- d[!is.na(d$score), ]
people <- d[!duplicated(d$id), ]

take_nodes <- function(n_node) {  # with 60 nodes no answer differs from 40 by more than 1e-9
  rule <- gauss.quad.prob(n_node, "normal")
  z <<- as.matrix(expand.grid(rule$nodes, rule$nodes))
  log_w <<- c(log(outer(rule$weights, rule$weights)))
}
take_nodes(40)
# theta: a0, a1, b0, b1, l1, l2, l3, tau, log sigma, three sessions, gamma, association
log_lik <- function(theta, share, link) {
  names <- c("a0", "a1", "b0", "b1", "l1", "l2", "l3", "tau", "ls", "h1", "h2", "h3", "g")
  p <- as.list(setNames(theta[1:13], names)); phi <- theta[-(1:13)]
  u <- p$l1 * z[, 1]; v <- p$l2 * z[, 1] + p$l3 * z[, 2]
  sum(vapply(seq_len(n), function(i) {
    x <- people$x[i]; mine <- rated[rated$id == i, ]
    value <- log_w
    for (j in unique(mine$item)) {
      g <- mine[mine$item == j, ]; m <- nrow(g)
      V <- exp(2 * p$ls) * diag(m) + p$tau^2
      mean <- outer(rep(1, m), p$a0 + p$a1 * x + u) + outer(g$stage, p$b0 + p$b1 * x + v)
      value <- value + dmvnorm(t(g$score - mean), sigma = V, log = TRUE)
    }
    for (k in seq_len(min(people$last[i], K - 1))) {
      s <- (k - 1) / (K - 1)
      extra <- switch(share, slope = phi[1] * v, intercept = phi[1] * u,
        both = phi[1] * u + phi[2] * v, none = 0 * v,
        level = phi[1] * (p$a0 + p$a1 * x + u + s * (p$b0 + p$b1 * x + v)))
      eta <- c(p$h1, p$h2, p$h3)[k] + p$g * x + extra
      left <- people$last[i] == k
      value <- value + if (link == "logit") plogis(if (left) eta else -eta, log.p = TRUE)
               else if (left) log(-expm1(-exp(eta))) else -exp(eta)
    }
    top <- max(value); top + log(sum(exp(value - top)))
  }, 0))
}

start <- c(3, 0.1, 2, -0.3, 1.1, -0.3, 1.2, 0.8, log(1.05), -1.4, -1.6, -1.9, 0.4)
shared <- list(slope = -0.5, intercept = 0.3, both = c(0.3, -0.6), level = -0.2, none = NULL)
cases <- list()
for (link in c("logit", "cloglog")) for (share in names(shared)) {
  theta <- c(start, shared[[share]])
  cases[[paste("at", share, link, sep = "_")]] <-
    list(theta = theta, log_lik = log_lik(theta, share, link))
}

# --- the maximum with a shared slope, and by lme4 and glm without ----------------------------
take_nodes(28)  # within 1e-7
minus <- function(theta) -log_lik(theta, "slope", "logit")
found <- optim(c(start, -0.5), minus, method = "BFGS", control = list(maxit = 200, reltol = 1e-9))
for (again in 1:2) {
  g <- grad(minus, found$par, method.args = list(r = 3)); H <- hessian(minus, found$par)
  found$par <- found$par - solve(H, g)
}
cases$slope_logit <- list(theta = found$par, log_lik = -minus(found$par),
                          se = sqrt(diag(solve(H))))
trajectory <- lmer(score ~ stage * x + (stage | id) + (1 | id:item), rated, REML = FALSE,
                   control = lmerControl("bobyqa", optCtrl = list(maxfun = 1e5, rhoend = 1e-9)))
long <- do.call(rbind, lapply(1:(K - 1), function(k) {
  at <- people[people$last >= k, ]; data.frame(k = k, x = at$x, left = as.integer(at$last == k))
}))
dropout <- glm(left ~ 0 + factor(k) + x, binomial, long, control = glm.control(1e-14, 100))
cases$none_logit <- list(fixed = unname(fixef(trajectory)), log_lik_ratings = as.numeric(logLik(trajectory)),
                         hazard = unname(coef(dropout)), log_lik_dropout = as.numeric(logLik(dropout)))
save_cases(cases, "joint")
