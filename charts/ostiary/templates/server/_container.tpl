{{- define "ostiary.server.container" -}}
{{- $server := .Values.server -}}
- name: server
  {{- include "ostiary.container" (dict "root" . "image" .Values.image.server) | nindent 2 }}
  env:
    {{- include "ostiary.database.env" . | trim | nindent 4 }}
    {{- if not (include "ostiary.embedded" .) }}
    {{- with .Values.database.postgres.listenURLSecret }}
    {{- if .name }}
    - name: OSTIARY_LISTEN_URL
      valueFrom:
        secretKeyRef: {name: {{ .name | quote }}, key: {{ .key | quote }}}
    {{- end }}
    {{- end }}
    - {name: OSTIARY_DATABASE_POOL_SIZE, value: {{ $server.databasePoolSize | quote }}}
    {{- end }}
    - {name: OSTIARY_KEY_ENCRYPTION_KEYS_FILE, value: /etc/ostiary/keys/key-encryption-keys}
    - {name: OSTIARY_COOKIE_KEYS_FILE, value: /etc/ostiary/keys/cookie-keys}
    {{- with $server.trustedProxies }}
    - {name: OSTIARY_TRUSTED_PROXIES, value: {{ join "," . | quote }}}
    {{- end }}
    {{- with $server.outboundNetworks }}
    - {name: OSTIARY_OUTBOUND_NETWORKS, value: {{ join "," . | quote }}}
    {{- end }}
    {{- if $server.clusterIssuer.enabled }}
    - {name: OSTIARY_CLUSTER_ISSUER_DISCOVERY, value: "https://kubernetes.default.svc"}
    - {name: OSTIARY_CLUSTER_CA_FILE, value: /etc/ostiary/cluster-issuer/ca.crt}
    {{- if not (include "ostiary.embedded" .) }}
    - {name: OSTIARY_CLUSTER_TOKEN_FILE, value: /etc/ostiary/cluster-issuer/token}
    {{- end }}
    {{- end }}
    - {name: OSTIARY_DRAIN_DELAY, value: {{ $server.drainDelaySeconds | quote }}}
    - {name: OSTIARY_DRAIN_TIMEOUT, value: {{ $server.drainTimeoutSeconds | quote }}}
    - {name: OSTIARY_PASSWORD_WORKERS, value: {{ $server.passwordWorkers | quote }}}
    - {name: OSTIARY_ACCESS_LOG, value: {{ $server.accessLog | quote }}}
    - {name: OSTIARY_LOG_LEVEL, value: {{ $server.logLevel | quote }}}
    {{- with $server.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - {name: http, containerPort: 8080}
    - {name: metrics, containerPort: 9090}
  startupProbe:
    httpGet: {path: /healthz, port: http}
    periodSeconds: 1
    timeoutSeconds: 2
    failureThreshold: 60
  readinessProbe:
    httpGet: {path: /readyz, port: http}
    periodSeconds: 2
    timeoutSeconds: 2
    failureThreshold: 2
  livenessProbe:
    httpGet: {path: /healthz, port: http}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 3
  resources:
    {{- toYaml $server.resources | nindent 4 }}
  volumeMounts:
    {{- include "ostiary.keysMount" . | nindent 4 }}
    {{- if $server.clusterIssuer.enabled }}
    - {name: cluster-issuer, mountPath: /etc/ostiary/cluster-issuer, readOnly: true}
    {{- end }}
    {{- include "ostiary.database.mounts" . | trim | nindent 4 }}
{{- end -}}

{{/* Longer than draining takes, so that Kubernetes never cuts off an answer. */}}
{{- define "ostiary.server.gracePeriod" -}}
{{ add .Values.server.drainDelaySeconds .Values.server.drainTimeoutSeconds 5 }}
{{- end -}}
