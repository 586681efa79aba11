{{- define "ostiary.operator.container" -}}
{{- $operator := .Values.operator -}}
- name: operator
  {{- include "ostiary.container" (dict "root" . "image" .Values.image.operator) | nindent 2 }}
  env:
    {{- include "ostiary.database.env" . | trim | nindent 4 }}
    {{- if include "ostiary.embedded" . }}
    - {name: OSTIARY_LEASE_NAME, value: ""} # one pod, and Recreate: there is never a second
    - {name: OSTIARY_SERVER_URL, value: "http://127.0.0.1:8080"}
    {{- else }}
    - {name: OSTIARY_DATABASE_POOL_SIZE, value: {{ $operator.databasePoolSize | quote }}}
    - {name: OSTIARY_LEASE_NAME, value: {{ include "ostiary.lease" . | quote }}}
    - {name: OSTIARY_SERVER_URL, value: "http://{{ include "ostiary.fullname" . }}-server:{{ .Values.server.service.port }}"}
    {{- end }}
    - {name: OSTIARY_NAMESPACE, value: {{ .Release.Namespace | quote }}}
    - {name: OSTIARY_SERVICE_ACCOUNT, value: {{ include "ostiary.serviceAccount.operator" . | quote }}}
    - {name: OSTIARY_SECRETS_CLUSTER_ROLE, value: {{ include "ostiary.secretsRole" . | quote }}}
    - {name: OSTIARY_RESTARTS_CLUSTER_ROLE, value: {{ include "ostiary.restartsRole" . | quote }}}
    - {name: OSTIARY_BIND_SECRETS, value: {{ empty .Values.watchNamespaces | quote }}}
    {{- with .Values.issuer.address }}
    - {name: OSTIARY_DEFAULT_ISSUER, value: {{ . | quote }}}
    {{- end }}
    {{- with include "ostiary.watchedNamespaces" . }}
    - {name: OSTIARY_WATCH_NAMESPACES, value: {{ . | quote }}}
    {{- end }}
    {{- if .Values.server.clusterIssuer.enabled }}
    - {name: OSTIARY_CLUSTER_ISSUER_DISCOVERY, value: "https://kubernetes.default.svc"}
    {{- end }}
    {{- with .Values.userNamespaces }}
    - {name: OSTIARY_USER_NAMESPACES, value: {{ append . $.Release.Namespace | uniq | join "," | quote }}}
    {{- end }}
    {{- with .Values.clientIDPrefixes }}
    - {name: OSTIARY_CLIENT_ID_PREFIXES, value: {{ join "," . | quote }}}
    {{- end }}
    - {name: OSTIARY_POLICIES, value: {{ eq (include "ostiary.policies" .) "true" | quote }}}
    - {name: OSTIARY_POLICY_GRACE_SECONDS, value: {{ .Values.policies.graceSeconds | quote }}}
    {{- with .Values.exposure }}
    {{- if and .applicationAddresses (ne .kind "None") }}
    - {name: OSTIARY_ADDRESS_KIND, value: {{ .kind }}}
    - {name: OSTIARY_ADDRESS_SERVICE, value: "{{ include "ostiary.fullname" $ }}-server:{{ $.Values.server.service.port }}"}
    {{- with .annotations }}
    - {name: OSTIARY_ADDRESS_ANNOTATIONS, value: {{ toJson . | quote }}}
    {{- end }}
    {{- if eq .kind "Ingress" }}
    {{- with .ingress.className }}
    - {name: OSTIARY_ADDRESS_INGRESS_CLASS, value: {{ . | quote }}}
    {{- end }}
    - {name: OSTIARY_ADDRESS_TLS, value: {{ .ingress.tls | quote }}}
    {{- else }}
    - {name: OSTIARY_ADDRESS_PARENT_REFS, value: {{ toJson .httpRoute.parentRefs | quote }}}
    {{- end }}
    {{- end }}
    {{- end }}
    - {name: OSTIARY_PARALLELISM, value: {{ $operator.parallelism | quote }}}
    - {name: OSTIARY_RESYNC_SECONDS, value: {{ $operator.resyncSeconds | quote }}}
    - {name: OSTIARY_ROTATION_SPACING_SECONDS, value: {{ $operator.rotationSpacingSeconds | quote }}}
    - {name: OSTIARY_UNUSED_AFTER_DAYS, value: {{ $operator.unusedAfterDays | quote }}}
    - {name: OSTIARY_LOG_LEVEL, value: {{ $operator.logLevel | quote }}}
    {{- with $operator.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - {name: probes, containerPort: 8081}
  startupProbe:
    httpGet: {path: /healthz, port: probes}
    periodSeconds: 1
    timeoutSeconds: 2
    failureThreshold: 60
  readinessProbe:
    httpGet: {path: /readyz, port: probes}
    periodSeconds: 5
    timeoutSeconds: 2
  livenessProbe:
    httpGet: {path: /healthz, port: probes}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 3
  resources:
    {{- toYaml $operator.resources | nindent 4 }}
  volumeMounts:
    {{- include "ostiary.tokenMount" . | nindent 4 }}
    {{- include "ostiary.database.mounts" . | trim | nindent 4 }}
{{- end -}}
