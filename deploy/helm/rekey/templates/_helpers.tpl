{{- define "rekey.name" -}}
{{- if contains "rekey" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-rekey" (.Release.Name | trunc 44 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "rekey.selector" -}}
app.kubernetes.io/name: rekey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rekey.labels" -}}
{{ include "rekey.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "rekey.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- /* A pod that runs one role: takes a dict with root, role, resources and data (a volume, or nil). */ -}}
{{- define "rekey.pod" -}}
{{- $v := .root.Values -}}
metadata:
  labels:
    {{- include "rekey.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
    {{- with $v.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $v.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "rekey.name" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  # A stop lets running scans end, within 42 seconds.
  terminationGracePeriodSeconds: 50
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  {{- with $v.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if ne .role "all" }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "rekey.selector" .root | nindent 10 }}
          app.kubernetes.io/component: {{ .role }}
  {{- end }}
  {{- with $v.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: rekey
      image: {{ include "rekey.image" .root | quote }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      args: [serve]
      env:
        - {name: REKEY_ROLE, value: {{ .role }}}
        - {name: REKEY_LISTEN, value: "0.0.0.0:8080"}
        - {name: REKEY_ADMIN_LISTEN, value: "0.0.0.0:9090"}
        - {name: REKEY_DATA, value: /data/rekey} # in the volume, whose own mode is not ours
        - {name: REKEY_GITHUB_URL, value: {{ $v.github.url | quote }}}
        {{- with $v.github.apiUrl }}
        - {name: REKEY_GITHUB_API_URL, value: {{ . | quote }}}
        {{- end }}
        - {name: REKEY_APP_ID, value: {{ required "github.appId: the ID of your GitHub App is needed" $v.github.appId | int64 | quote }}}
        {{- if ne .role "web" }}
        - {name: REKEY_PRIVATE_KEY_FILE, value: /secrets/private-key}
        {{- end }}
        {{- if ne .role "worker" }}
        - {name: REKEY_WEBHOOK_SECRET_FILE, value: /secrets/webhook-secret}
        {{- end }}
        {{- with $v.publicUrl | default (ternary (printf "https://%s" $v.ingress.host) "" $v.ingress.enabled) }}
        - {name: REKEY_PUBLIC_URL, value: {{ . | quote }}}
        {{- end }}
        {{- if and $v.github.clientId (ne .role "worker") }}
        - {name: REKEY_CLIENT_ID, value: {{ $v.github.clientId | quote }}}
        - {name: REKEY_CLIENT_SECRET_FILE, value: /secrets/client-secret}
        {{- end }}
        {{- if $v.database.postgresql }}
        - {name: REKEY_DATABASE_URL_FILE, value: /secrets/database-url}
        {{- end }}
        {{- range $name, $value := $v.settings }}
        - {name: {{ $name }}, value: {{ $value | toString | quote }}}
        {{- end }}
        {{- with $v.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {name: http, containerPort: 8080}
        - {name: metrics, containerPort: 9090}
      startupProbe:
        httpGet: {path: /healthz, port: metrics}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: metrics}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: metrics}
        periodSeconds: 5
        timeoutSeconds: 5
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: temporary, mountPath: /tmp}
        - {name: data, mountPath: /data}
        - {name: secrets, mountPath: /secrets, readOnly: true}
  volumes:
    - name: temporary
      emptyDir: {sizeLimit: {{ $v.temporary.sizeLimit }}}
    {{- if ne .role "all" }}
    - name: data
      emptyDir: {sizeLimit: 64Mi}
    {{- else if $v.database.persistence.existingClaim }}
    - name: data
      persistentVolumeClaim: {claimName: {{ $v.database.persistence.existingClaim }}}
    {{- end }}
    - name: secrets
      secret:
        secretName: {{ required "existingSecret: name the Secret with private-key and webhook-secret" $v.existingSecret }}
        defaultMode: 0440
        items:
          {{- if ne .role "web" }}
          - {key: private-key, path: private-key}
          {{- end }}
          {{- if ne .role "worker" }}
          - {key: webhook-secret, path: webhook-secret}
          {{- end }}
          {{- if and $v.github.clientId (ne .role "worker") }}
          - {key: client-secret, path: client-secret}
          {{- end }}
          {{- if $v.database.postgresql }}
          - {key: database-url, path: database-url}
          {{- end }}
{{- end }}
