"""What `spec.callbackURLsFrom` goes together with: as CEL and as Python."""

from ostiary_state.applications.rule import Rule

_NONE = "!has(self.callbackURLsFrom) || self.callbackURLsFrom.size() == 0"

CALLBACK_RULES = (
    Rule(
        "callbackURLsFrom",
        "give each of callbackURLsFrom exactly one of httpRouteRef and ingressRef",
        "!has(self.callbackURLsFrom)"
        " || !self.callbackURLsFrom.exists(each, has(each.httpRouteRef) == has(each.ingressRef))",
        lambda spec: all(
            (each.http_route_ref is None) is not (each.ingress_ref is None) for each in spec.callback_urls_from
        ),
    ),
    Rule(
        "callbackURLsFrom",
        "remove callbackURLsFrom: the clients of a template, and those that registered themselves, bring their callback"
        " URLs",
        f"{_NONE} || !(has(self.clientIDMetadata) || has(self.dynamicRegistration) || has(self.registeredBy))",
        lambda spec: (
            not spec.callback_urls_from
            or (spec.client_id_metadata is None and spec.dynamic_registration is None and spec.registered_by is None)
        ),
    ),
    Rule(
        "callbackURLsFrom",
        "set sectorIdentifierURL, or subjectType to Public: else the sub of every user would change with a host",
        f"{_NONE} || self.subjectType == 'Public' || has(self.sectorIdentifierURL)",
        lambda spec: (
            not spec.callback_urls_from or spec.subject_type == "Public" or spec.sector_identifier_url is not None
        ),
    ),
    Rule(
        "callbackURLsFrom",
        "set deletionPolicy to Delete or Disable, or list callbackURLs: nobody follows the routes of an object that is"
        " gone, and who gets their hosts next would get codes",
        f"{_NONE} || self.deletionPolicy != 'Orphan'",
        lambda spec: not spec.callback_urls_from or spec.deletion_policy != "Orphan",
    ),
)
