# Writes values/mixed/clmm.json: cumulative link mixed models. Run from tests/reference.
# ordinal's clmm stops with gradients of about 1e-5. Its answer is carried on by Newton steps
# on the approximation itself, written out here: Laplace for any random effects, adaptive
# quadrature for one effect a group. P(Y <= j) = F(theta_j - eta).
source("r/mixed_setup.R")
suppressPackageStartupMessages(library(ordinal))
sets <- data_sets()
wanted <- commandArgs(TRUE)
sets$synthetic_yesno$answerF <- factor(sets$synthetic_yesno$answer, ordered = TRUE)

grid <- list(
  clmm_judge_laplace = list("wine", rating ~ temp + contact + (1 | judge)),
  clmm_judge_agq10 = list("wine", rating ~ temp + contact + (1 | judge), nodes = 10),
  clmm_judge_probit = list("wine", rating ~ temp + contact + (1 | judge), link = "probit"),
  goal_laplace = list("goalprogress", ratingF ~ session + arm + sep + (1 | family)),
  goal_agq7 = list("goalprogress", ratingF ~ session + arm + sep + (1 | family), nodes = 7),
  judge_agq5 = list("wine", rating ~ temp + contact + (1 | judge), nodes = 5),
  judge_agq25 = list("wine", rating ~ temp + contact + (1 | judge), nodes = 25),
  judge_probit_agq10 = list("wine", rating ~ temp + contact + (1 | judge), link = "probit", nodes = 10),
  judge_cloglog = list("wine", rating ~ temp + contact + (1 | judge), link = "cloglog"),
  judge_equidistant = list("wine", rating ~ temp + contact + (1 | judge), threshold = "equidistant"),
  judge_equidistant_probit = list("wine", rating ~ temp + contact + (1 | judge), threshold = "equidistant", link = "probit"),
  judge_interaction = list("wine", rating ~ temp * contact + (1 | judge)),
  judge_bottle = list("wine", rating ~ temp + contact + (1 | judge) + (1 | bottle),
                      without = rating ~ temp + contact + (1 | judge)),
  judge_bottle_temp = list("wine", rating ~ contact + (1 | judge) + (1 | bottle)),
  judge_slope = list("wine", rating ~ temp + contact + (1 + temp | judge)),
  yesno_answer = list("synthetic_yesno", answerF ~ x + (1 | g)),
  yesno_answer_agq9 = list("synthetic_yesno", answerF ~ x + (1 | g), nodes = 9),
  yesno_answer_nested = list("synthetic_yesno", answerF ~ x + (1 | h) + (1 | g)),
  yesno_answer_slope = list("synthetic_yesno", answerF ~ x + (1 + x | g)))

links <- list(
  logit = list(F = plogis, f = dlogis, df = function(x) dlogis(x) * (1 - 2 * plogis(x))),
  probit = list(F = pnorm, f = dnorm, df = function(x) -x * dnorm(x)),
  cloglog = list(F = function(x) -expm1(-exp(x)), f = function(x) exp(x - exp(x)),
                 df = function(x) exp(x - exp(x)) * (1 - exp(x))))
# Logarithm of P(Y = y) and two derivatives by eta.
cell <- function(eta, y, cuts, link) {
  above <- c(cuts, Inf)[y] - eta
  below <- c(-Inf, cuts)[y] - eta
  at <- function(g, x) ifelse(is.finite(x), g(pmax(pmin(x, 700), -700)), 0)
  F1 <- ifelse(is.finite(above), link$F(above), 1)
  F0 <- ifelse(is.finite(below), link$F(below), 0)
  P <- F1 - F0
  p1 <- -(at(link$f, above) - at(link$f, below)) / P
  p2 <- (at(link$df, above) - at(link$df, below)) / P
  list(l = log(P), d1 = p1, d2 = p2 - p1^2)
}
hermite <- function(k) {
  if (k == 1) return(list(x = 0, logw = log(2 * pi) / 2))
  J <- matrix(0, k, k)
  J[cbind(1:(k - 1), 2:k)] <- J[cbind(2:k, 1:(k - 1))] <- sqrt(seq_len(k - 1))
  e <- eigen(J, symmetric = TRUE)
  list(x = e$values, logw = log(e$vectors[1, ]^2) + log(2 * pi) / 2 + e$values^2 / 2)
}
# One intercept a group: all groups at once.
by_group <- function(y, X, group, cuts_of, link, nodes) {
  rule <- hermite(nodes)
  L <- nlevels(group)
  code <- as.integer(group)
  u0 <- numeric(L)
  function(par) {
    parts <- cuts_of(par)
    base <- if (ncol(X)) c(X %*% parts$beta) else numeric(length(y))
    sd <- parts$theta
    u <- u0
    for (step in 1:200) {
      now <- cell(base + sd * u[code], y, parts$cuts, link)
      slope <- sd * c(rowsum(now$d1, code)) - u
      bend <- 1 - sd^2 * c(rowsum(now$d2, code))
      move <- pmax(pmin(slope / bend, 2), -2)
      u <- u + move
      if (anyNA(u)) return(Inf)
      if (max(abs(move)) < 1e-13) break
    }
    u0 <<- u
    bend <- 1 - sd^2 * c(rowsum(cell(base + sd * u[code], y, parts$cuts, link)$d2, code))
    scale <- 1 / sqrt(bend)
    values <- vapply(seq_along(rule$x), function(i) {
      at <- u + scale * rule$x[i]
      c(rowsum(cell(base + sd * at[code], y, parts$cuts, link)$l, code)) - at^2 / 2 + rule$logw[i]
    }, numeric(L))
    top <- apply(values, 1, max)
    -2 * sum(top + log(rowSums(exp(values - top))) + log(scale) - log(2 * pi) / 2)
  }
}
# Any random effects, Laplace: Z and Lambda in full.
in_full <- function(y, X, reTrms, cuts_of, link) {
  Zt <- as.matrix(reTrms$Zt)
  Lambdat <- reTrms$Lambdat
  u0 <- numeric(nrow(Zt))
  function(par) {
    parts <- cuts_of(par)
    Lambdat@x <- parts$theta[reTrms$Lind]
    A <- t(as.matrix(Lambdat) %*% Zt)
    base <- if (ncol(X)) c(X %*% parts$beta) else numeric(length(y))
    u <- u0
    for (step in 1:200) {
      now <- cell(base + c(A %*% u), y, parts$cuts, link)
      H <- crossprod(A, -now$d2 * A) + diag(length(u))
      move <- solve(H, c(crossprod(A, now$d1)) - u)
      u <- u + move
      if (max(abs(move)) < 1e-13) break
    }
    u0 <<- u
    now <- cell(base + c(A %*% u), y, parts$cuts, link)
    H <- crossprod(A, -now$d2 * A) + diag(length(u))
    -2 * (sum(now$l) - sum(u^2) / 2 - sum(log(diag(chol(H)))))
  }
}
# Newton steps with the curvature of the first of them, then its inverse at the end.
refine <- function(deviance, par) {
  curvature <- hessian(deviance, par)
  for (step in 1:8) {
    move <- solve(curvature, grad(deviance, par))
    if (max(abs(move)) < 1e-11) break
    par <- par - move
  }
  list(par = par, se = sqrt(diag(solve(hessian(deviance, par) / 2))),
       slope = max(abs(grad(deviance, par))))
}
describe <- function(case) {
  d <<- sets[[case[[1]]]]
  formula <- if (is.null(case$without)) case[[2]] else case$without
  link <- if (is.null(case$link)) "logit" else case$link
  nodes <- if (is.null(case$nodes)) 1 else case$nodes
  threshold <- if (is.null(case$threshold)) "flexible" else case$threshold
  # clmm calls loglog what clm, and this package, call cloglog.
  theirs <- if (link == "cloglog") "loglog" else link
  call <- list(quote(clmm), formula, data = quote(d), link = theirs, nAGQ = nodes,
               threshold = threshold, control = clmm.control(gradTol = if (nrow(d) < 1000) 1e-9 else 1e-4, maxIter = 500L))
  fit <- eval(as.call(call))
  parsed <- lFormula(update(formula, as.numeric(.) ~ .), d, control = lmerControl(
    check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore"))
  X <- parsed$X[, -1, drop = FALSE]
  y <- as.integer(d[[all.vars(formula)[1]]])
  spacing <- as.matrix(fit$tJac)
  n_alpha <- length(fit$alpha)
  n_beta <- length(fit$beta)
  cuts_of <- function(par) list(cuts = c(spacing %*% par[seq_len(n_alpha)]),
    beta = par[n_alpha + seq_len(n_beta)], theta = par[-seq_len(n_alpha + n_beta)])
  start <- c(fit$alpha, fit$beta, parsed$reTrms$theta)
  one <- length(parsed$reTrms$theta) == 1
  deviance <- if (one) by_group(y, X, parsed$reTrms$flist[[1]], cuts_of, links[[link]], nodes)
    else in_full(y, X, parsed$reTrms, cuts_of, links[[link]])
  best <- nlminb(start, deviance, lower = c(rep(-Inf, n_alpha + n_beta), parsed$reTrms$lower),
                 control = list(rel.tol = 1e-14, x.tol = 1e-10))
  done <- refine(deviance, best$par)
  k <- n_alpha + n_beta
  names <- c(names(fit$alpha), names(fit$beta))
  Lambdat <- parsed$reTrms$Lambdat
  Lambdat@x <- done$par[-seq_len(k)][parsed$reTrms$Lind]
  starts <- parsed$reTrms$Gp + 1
  re <- lapply(seq_along(parsed$reTrms$cnms), function(i) {
    q <- length(parsed$reTrms$cnms[[i]])
    at <- starts[i] + seq_len(q) - 1
    S <- crossprod(as.matrix(Lambdat)[at, at, drop = FALSE])
    C <- cov2cor(S)
    list(group = names(parsed$reTrms$cnms)[i], effects = I(parsed$reTrms$cnms[[i]]),
         sd = I(sqrt(diag(S))), cor = if (q > 1) C[lower.tri(C)] else list())
  })
  found <- list(
    formula = paste(deparse(case[[2]], width.cutoff = 500), collapse = " "), data = case[[1]], link = link,
    threshold = threshold, nAGQ = nodes, n = length(y),
    coef = setNames(done$par[seq_len(k)], names), se = setNames(done$se[seq_len(k)], names),
    theta = I(done$par[-seq_len(k)]), logLik = -deviance(done$par) / 2, AIC = deviance(done$par) + 2 * length(start),
    re = re, grad_max = done$slope,
    clmm = list(coef = c(fit$alpha, fit$beta), logLik = c(fit$logLik), max_grad = fit$optRes$maxGradient,
                se = sqrt(diag(vcov(fit)))[seq_len(k)]),
    ranef_head = lapply(ranef(fit), function(block) as.matrix(block)[seq_len(min(5, nrow(block))), , drop = FALSE]))
  if (one) found$re_sd <- setNames(list(c(re[[1]]$sd)), paste0(re[[1]]$group, ".(Intercept)"))
  if (!is.null(case$without)) found$note <-
    "one term's variance is zero at the optimum: R's numbers are those of the model without it"
  found
}
plain <- function() {
  fit <- clm(rating ~ temp + contact, data = sets$wine)
  nominal <- clm(rating ~ contact, nominal = ~ temp, data = sets$wine)
  list(coef = coef(fit), se = sqrt(diag(vcov(fit))), logLik = c(logLik(fit)),
       nominal_temp = list(logLik = c(logLik(nominal)), test = as.data.frame(anova(fit, nominal))))
}
cases <- list()
pick <- function(name) !length(wanted) || name %in% wanted
if (pick("clm")) cases$clm <- plain()
for (name in names(grid)) if (pick(name)) {
  message(name)
  cases[[name]] <- tryCatch(describe(grid[[name]]), error = function(e) { message(e); NULL })
}
save_json(cases, if (length(wanted)) "clmm_part.json" else "clmm.json", c("ordinal", "lme4", "numDeriv"))
