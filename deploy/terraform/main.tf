# rekey on a Kubernetes cluster that Terraform knows already: the namespace, the Secret and the Helm chart.
#
#   terraform init
#   terraform apply -var app_id=123456 -var host=rekey.example.com
#
# Terraform keeps what it is given in its state: keep that where secrets may stand.

terraform {
  required_version = ">= 1.6"
  required_providers {
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 2.30"
    }
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.0"
    }
  }
}

resource "kubernetes_namespace_v1" "rekey" {
  metadata {
    name = var.namespace
    labels = {
      "pod-security.kubernetes.io/enforce" = "restricted"
    }
  }
}

resource "kubernetes_secret_v1" "rekey" {
  metadata {
    name      = "rekey"
    namespace = kubernetes_namespace_v1.rekey.metadata[0].name
  }
  data = {
    private-key    = file(var.private_key_file)
    webhook-secret = file(var.webhook_secret_file)
    database-url   = var.database_url
  }
}

resource "helm_release" "rekey" {
  name      = "rekey"
  namespace = kubernetes_namespace_v1.rekey.metadata[0].name
  chart     = "${path.module}/../helm/rekey"
  values = [yamlencode({
    github         = { appId = var.app_id, url = var.github_url }
    existingSecret = kubernetes_secret_v1.rekey.metadata[0].name
    database       = { postgresql = var.database_url != "" }
    ingress = {
      enabled   = var.host != ""
      host      = var.host
      className = var.ingress_class
      tlsSecret = var.tls_secret
    }
  })]
}

output "webhook_address" {
  description = "The address for the GitHub App's webhook."
  value       = var.host == "" ? null : "https://${var.host}/webhook"
}
