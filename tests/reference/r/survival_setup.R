# What the survival_*.R scripts share: data, and answers as JSON with 17 significant digits.
# Run from tests/reference, through regenerate.sh.
suppressPackageStartupMessages(library(survival))

read_data <- function(name) {
  read.csv(file.path("data", "survival", paste0(name, ".csv")), check.names = FALSE)
}
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
  else if (is.logical(x)) body <- ifelse(is.na(x), "null", tolower(as.character(x)))
  else body <- ifelse(is.finite(x), sprintf("%.17g", x), "null")
  paste0("[", paste(body, collapse = ", "), "]")
}
# Writes values/survival/<name>.json: the packages used, a note, the cases.
save_cases <- function(cases, name, note = "", packages = "survival") {
  versions <- vapply(packages, function(p) paste(p, packageVersion(p)), "")
  source <- paste(c(R.version.string, versions), collapse = ", ")
  text <- paste0('{\n "source": "', source, '",\n "note": "', note, '",\n "cases": ',
                 to_json(cases, " "), "\n}")
  writeLines(text, file.path("values", "survival", paste0(name, ".json")))
}
exactly <- coxph.control(eps = 1e-12, iter.max = 100, toler.chol = 1e-14)
