{{- define "ostiary.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Of at most 40 characters: what is appended to it must fit into the 63 of a label. */}}
{{- define "ostiary.fullname" -}}
{{- $name := include "ostiary.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* dict "root" $ "component" "server", and "more" .Values.server.podLabels, which win over commonLabels: a key twice in one
     map is refused by the API server. */}}
{{- define "ostiary.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: ostiary
{{ include "ostiary.selector" . }}
{{- with merge (dict) (.more | default dict) (.root.Values.commonLabels | default dict) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ostiary.selector" -}}
app.kubernetes.io/name: {{ include "ostiary.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* What Services and policies select: the pods of a process, be it alone or embedded beside the other.
     dict "root" $ "process" "server" */}}
{{- define "ostiary.process" -}}
app.kubernetes.io/name: {{ include "ostiary.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
ostiary.dev/{{ .process }}: "true"
{{- end -}}

{{- define "ostiary.serviceAccount.server" -}}
{{- .Values.server.serviceAccount.name | default (printf "%s-server" (include "ostiary.fullname" .)) -}}
{{- end -}}

{{- define "ostiary.serviceAccount.operator" -}}
{{- .Values.operator.serviceAccount.name | default (printf "%s-operator" (include "ostiary.fullname" .)) -}}
{{- end -}}

{{- define "ostiary.secretsRole" -}}
{{ include "ostiary.fullname" . }}-secrets
{{- end -}}

{{- define "ostiary.restartsRole" -}}
{{ include "ostiary.fullname" . }}-restarts
{{- end -}}

{{- define "ostiary.keysSecret" -}}
{{- .Values.keys.existingSecret | default (printf "%s-keys" (include "ostiary.fullname" .)) -}}
{{- end -}}

{{- define "ostiary.lease" -}}
{{ include "ostiary.fullname" . }}-operator
{{- end -}}

{{- define "ostiary.embedded" -}}
{{- if eq .Values.database.mode "sqlite" }}true{{ end -}}
{{- end -}}

{{/* Namespaces that are watched, the release's own among them; empty: all. */}}
{{- define "ostiary.watchedNamespaces" -}}
{{- if .Values.watchNamespaces -}}
{{- append .Values.watchNamespaces .Release.Namespace | uniq | sortAlpha | join "," -}}
{{- end -}}
{{- end -}}

{{/* "true" where OAuthApplicationPolicies count. */}}
{{- define "ostiary.policies" -}}
{{- if kindIs "invalid" .Values.policies.enabled }}{{ if not .Values.watchNamespaces }}true{{ end }}{{ else if .Values.policies.enabled }}true{{ end -}}
{{- end -}}

{{/* dict "root" $ "image" .Values.image.server */}}
{{- define "ostiary.image" -}}
{{- with .root.Values.image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .image.repository -}}
{{- if .image.digest -}}
@{{ .image.digest }}
{{- else -}}
:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}
