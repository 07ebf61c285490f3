# Writes values/goals/joint_ordinal.json, from data/goals/joint.csv: the likelihood of ordered
# ratings and dropout of five parents, written out in R and integrated by nested calls of
# integrate() over a parent's slope, start and, within them, each goal's own level; and, with one
# goal a parent, no spread of slopes and no association, the sum of ordinal's clmm and of glm.
# Run from tests/reference, through regenerate.sh.
suppressPackageStartupMessages(library(ordinal))
source("r/survival_setup.R")
save_cases <- function(cases, name) {
  text <- paste0('{\n "source": "', R.version.string, ", ordinal ", packageVersion("ordinal"),
                 '",\n "note": "Likelihoods written out in R; synthetic data.",\n "cases": ',
                 to_json(cases, " "), "\n}")
  writeLines(text, file.path("values", "goals", paste0(name, ".json")))
}

K <- 4
d <- read.csv("data/goals/joint.csv")
rated <- d[!is.na(d$score), ]
people <- d[!duplicated(d$id), ]

# --- five parents, one to leave after each of the sessions ---------------------------------------
few <- c(1, 3, 4, 6, 10)
points <- sort(unique(rated$score[rated$id %in% few]))
cuts <- c(-Inf, -2.6, -1.3, 0.3, 1.5, 2.9, Inf)
stopifnot(length(cuts) == length(points) + 1)
p <- list(a1 = 0.2, b0 = 2.0, b1 = -0.3, l1 = 1.1, l2 = -0.3, l3 = 1.2, tau = 0.8,
          h = c(-1.4, -1.6, -1.9), g = 0.4)
shared <- list(slope = -0.5, intercept = 0.3, both = c(0.3, -0.6), level = -0.2, none = NULL)

area <- function(f, far, rel = 1e-9, abs = 1e-15) {
  integrate(f, -far, far, rel.tol = rel, abs.tol = abs, subdivisions = 100L, stop.on.error = FALSE)$value
}
between <- function(a, b) ifelse(b > 0, pnorm(b, lower.tail = FALSE) - pnorm(a, lower.tail = FALSE),
                                 pnorm(a) - pnorm(b))
goal <- function(mine, u, v) {  # chance of a goal's ratings, its own level integrated out
  x <- mine$x[1]; c <- match(mine$score, points)
  area(function(w) {
    value <- dnorm(w)
    for (t in seq_along(c)) {
      eta <- p$a1 * x + u + mine$stage[t] * (p$b0 + p$b1 * x + v) + p$tau * w
      value <- value * between(cuts[c[t] + 1] - eta, cuts[c[t]] - eta)
    }
    value
  }, 7)
}
course <- function(i, u, v, share, link) {
  phi <- shared[[share]]; x <- people$x[i]; value <- 1
  for (k in seq_len(min(people$last[i], K - 1))) {
    s <- (k - 1) / (K - 1)
    extra <- switch(share, slope = phi * v, intercept = phi * u, both = phi[1] * u + phi[2] * v,
                    level = phi * (p$a1 * x + u + s * (p$b0 + p$b1 * x + v)), none = 0)
    eta <- p$h[k] + p$g * x + extra
    stay <- if (link == "logit") plogis(-eta) else exp(-exp(eta))
    value <- value * if (people$last[i] == k) 1 - stay else stay
  }
  value
}
kinds <- data.frame(share = c(names(shared), "slope", "both"), link = rep(c("logit", "cloglog"), c(5, 2)))
log_lik <- matrix(0, length(few), nrow(kinds))
for (r in seq_along(few)) {
  i <- which(people$id == few[r]); mine <- rated[rated$id == few[r], ]
  goals <- split(mine, mine$item)
  known <- new.env()  # the goals' part does not change with share and link
  ratings <- function(z1, z2) {
    key <- sprintf("%a %a", z1, z2)
    if (is.null(known[[key]])) {
      u <- p$l1 * z1; v <- p$l2 * z1 + p$l3 * z2
      known[[key]] <- prod(vapply(goals, goal, 0, u = u, v = v)) * dnorm(z1) * dnorm(z2)
    }
    known[[key]]
  }
  for (m in seq_len(nrow(kinds))) {
    inner <- function(z1) area(Vectorize(function(z2) {
      ratings(z1, z2) * course(i, p$l1 * z1, p$l2 * z1 + p$l3 * z2, kinds$share[m], kinds$link[m])
    }), 7)
    log_lik[r, m] <- log(area(Vectorize(inner), 7, abs = 0))
  }
}
cases <- list()
for (m in seq_len(nrow(kinds))) {
  theta <- c(cuts[2:6], p$a1, p$b0, p$b1, p$l1, p$l2, p$l3, p$tau, p$h, p$g, shared[[kinds$share[m]]])
  cases[[paste("at", kinds$share[m], kinds$link[m], sep = "_")]] <-
    list(id = few, theta = theta, log_lik = log_lik[, m])
}

# --- one goal a parent, by clmm and glm ----------------------------------------------------------
one <- rated[rated$item == 1, ]
one$rating <- factor(one$score, ordered = TRUE); one$id <- factor(one$id)
start <- clmm(rating ~ stage * x + (1 | id), one, link = "probit", nAGQ = 25,
              control = clmm.control(gradTol = 1e-8))
long <- do.call(rbind, lapply(1:(K - 1), function(k) {
  at <- people[people$last >= k, ]; data.frame(k = k, x = at$x, left = as.integer(at$last == k))
}))
dropout <- glm(left ~ 0 + factor(k) + x, binomial, long, control = glm.control(1e-14, 100))
cases$one_goal <- list(threshold = unname(start$Theta[1, ]), coef = unname(start$beta),
                       sd = unname(unlist(start$ST)), log_lik_ratings = as.numeric(logLik(start)),
                       hazard = unname(coef(dropout)), log_lik_dropout = as.numeric(logLik(dropout)))
save_cases(cases, "joint_ordinal")
