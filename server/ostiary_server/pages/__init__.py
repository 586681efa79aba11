"""What a person sees: sign-in, consent, error, signed-out. A view beside its template and style sheet.

Every page works without JavaScript, has a Content-Security-Policy without inline code, and is never cached.
"""
