{{/* What the operator may do wherever it watches. */}}
{{- define "ostiary.operatorRules" -}}
- apiGroups: [ostiary.dev]
  resources: [oauthapplications, oauthusers]
  verbs: [get, list, watch, patch] # patch: its finalizer
- apiGroups: [ostiary.dev]
  resources: [oauthapplications]
  verbs: [create, delete] # of clients that register themselves
- apiGroups: [ostiary.dev]
  resources: [oauthapplications/status, oauthusers/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- if .Values.rbac.routes }}
- apiGroups: [networking.k8s.io, gateway.networking.k8s.io]
  resources: [ingresses, httproutes] # whose hosts are callbacks: callbackURLsFrom
  verbs: [list, watch]
{{- end }}
{{- end -}}

{{/* What policies take, in the whole cluster: they bound namespaces by their labels. */}}
{{- define "ostiary.policyRules" -}}
- apiGroups: [ostiary.dev]
  resources: [oauthapplicationpolicies]
  verbs: [get, list, watch]
- apiGroups: [ostiary.dev]
  resources: [oauthapplicationpolicies/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch]
{{- end -}}

{{/* What it may do with Secrets, in the namespaces where it is bound. */}}
{{- define "ostiary.secretsRules" -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, update]
{{- end -}}

{{/* What it may do with workloads that read a Secret only when they start, in the namespaces where it is bound. */}}
{{- define "ostiary.restartsRules" -}}
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, patch]
{{- end -}}

{{/* What it may do in its own namespace; nothing, where it has neither keys nor a Lease nor addresses to make. */}}
{{- define "ostiary.releaseRules" -}}
{{- if include "ostiary.embedded" . }}
{{- if not .Values.keys.existingSecret }}
{{ include "ostiary.keysRules" . }}
{{- end }}
{{- else }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "ostiary.lease" . }}]
  verbs: [get, update]
{{- end }}
{{- with .Values.exposure }}
{{- if and .applicationAddresses (ne .kind "None") }}
- apiGroups: [{{ eq .kind "Ingress" | ternary "networking.k8s.io" "gateway.networking.k8s.io" }}]
  resources: [{{ eq .kind "Ingress" | ternary "ingresses" "httproutes" }}]
  verbs: [get, list, watch, create, patch, delete]
{{- end }}
{{- end }}
{{- end -}}

{{/* What making the keys takes. A name cannot restrict `create`. */}}
{{- define "ostiary.keysRules" -}}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [{{ include "ostiary.keysSecret" . | quote }}]
  verbs: [get]
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- end -}}

{{/* dict "root" $ "kind" "Role" "name" … "namespace" … : one binding of the operator's account to a Role of that name. */}}
{{- define "ostiary.operatorBinding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  labels:
    {{- include "ostiary.labels" (dict "root" .root "component" "operator") | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{ .kind }}, name: {{ .name }}}
subjects:
  - kind: ServiceAccount
    name: {{ include "ostiary.serviceAccount.operator" .root | quote }}
    namespace: {{ .root.Release.Namespace | quote }}
{{- end -}}
