variable "app_id" {
  description = "The ID of the GitHub App."
  type        = string
}

variable "private_key_file" {
  description = "The file with the App's private key, as downloaded from GitHub."
  type        = string
  default     = "app.pem"
}

variable "webhook_secret_file" {
  description = "The file with the App's webhook secret."
  type        = string
  default     = "webhook-secret"
}

variable "database_url" {
  description = "postgres://…, for several processes. Empty: one process with SQLite on a volume."
  type        = string
  default     = ""
  sensitive   = true
}

variable "namespace" {
  description = "The namespace, which is made."
  type        = string
  default     = "rekey"
}

variable "github_url" {
  description = "GitHub's address, or that of a GitHub Enterprise Server."
  type        = string
  default     = "https://github.com"
}

variable "host" {
  description = "The public name of the server. Empty: no ingress is made."
  type        = string
  default     = ""
}

variable "ingress_class" {
  description = "The class of the ingress."
  type        = string
  default     = "nginx"
}

variable "tls_secret" {
  description = "The Secret with the certificate for host."
  type        = string
  default     = "rekey-tls"
}
