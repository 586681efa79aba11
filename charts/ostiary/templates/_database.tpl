{{/* How a process finds its database: environment variables. */}}
{{- define "ostiary.database.env" -}}
{{- if include "ostiary.embedded" . }}
- {name: OSTIARY_DATABASE_URL, value: "sqlite+aiosqlite:////var/lib/ostiary/ostiary.db"}
{{- else }}
{{- with .Values.database.postgres }}
- name: OSTIARY_DATABASE_URL
  valueFrom:
    secretKeyRef: {name: {{ .urlSecret.name | quote }}, key: {{ .urlSecret.key | quote }}}
{{- with .tls.mode }}
- {name: PGSSLMODE, value: {{ . | quote }}}
{{- end }}
- name: PGSSLROOTCERT
  value: {{ ternary "/etc/ostiary/database/ca.crt" "/etc/ssl/certs/ca-certificates.crt" (ne .tls.caSecret.name "") }}
{{- if .pooler }}
- {name: OSTIARY_DATABASE_POOLER, value: "true"}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ostiary.database.mounts" -}}
{{- if include "ostiary.embedded" . }}
- {name: data, mountPath: /var/lib/ostiary}
- {name: tmp, mountPath: /tmp}
{{- else if .Values.database.postgres.tls.caSecret.name }}
- {name: database-ca, mountPath: /etc/ostiary/database, readOnly: true}
{{- end }}
{{- end -}}

{{- define "ostiary.database.volumes" -}}
{{- if include "ostiary.embedded" . }}
- name: data
  persistentVolumeClaim:
    claimName: {{ .Values.database.sqlite.existingClaim | default (printf "%s-data" (include "ostiary.fullname" .)) | quote }}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- else if .Values.database.postgres.tls.caSecret.name }}
- name: database-ca
  secret:
    secretName: {{ .Values.database.postgres.tls.caSecret.name | quote }}
    defaultMode: 0440
    items: [{key: {{ .Values.database.postgres.tls.caSecret.key | quote }}, path: ca.crt}]
{{- end }}
{{- end -}}
