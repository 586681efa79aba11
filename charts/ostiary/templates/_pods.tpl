{{/* What every pod of this chart has. */}}
{{- define "ostiary.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  seccompProfile: {type: RuntimeDefault}
  {{- range $name, $id := .Values.podSecurityContext }}
  {{- if kindIs "invalid" $id | not }}
  {{ $name }}: {{ int64 $id }}
  {{- end }}
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
{{- end -}}

{{/* What every container of this chart has. dict "root" $ "image" .Values.image.server */}}
{{- define "ostiary.container" -}}
image: {{ include "ostiary.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* Which nodes a pod may use. dict "values" .Values.server */}}
{{- define "ostiary.nodes" -}}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Where pods go. dict "root" $ "values" .Values.server "component" "server" */}}
{{- define "ostiary.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{ include "ostiary.nodes" . | trim }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if kindIs "invalid" .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "ostiary.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- else }}
{{- with .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A service account's token and the cluster's authority, mounted only into containers that call the API. */}}
{{- define "ostiary.tokenVolume" -}}
- name: kubernetes
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken: {path: token, expirationSeconds: 3607}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
      - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
{{- end -}}

{{- define "ostiary.tokenMount" -}}
- {name: kubernetes, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end -}}

{{/* What the server reads the cluster's own issuer with. The pod that it shares with the operator would lend it the
operator's rights, so there it asks without a token. */}}
{{- define "ostiary.clusterIssuer.volume" -}}
{{- if .Values.server.clusterIssuer.enabled -}}
- name: cluster-issuer
  projected:
    defaultMode: 0440
    sources:
      {{- if not (include "ostiary.embedded" .) }}
      - serviceAccountToken: {path: token, expirationSeconds: 3607}
      {{- end }}
      - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
{{- end -}}
{{- end -}}

{{- define "ostiary.keysMount" -}}
- {name: keys, mountPath: /etc/ostiary/keys, readOnly: true}
{{- end -}}
