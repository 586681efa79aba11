package dev.ostiary.tests;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jwt.JWT;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenRevocationRequest;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.Tokens;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.claims.UserInfo;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientInformation;
import com.nimbusds.openid.connect.sdk.rp.OIDCClientMetadata;
import com.nimbusds.openid.connect.sdk.validators.AccessTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import net.minidev.json.JSONObject;

/** Signs in with the Nimbus SDK, on which Spring Security stands; spoken to in lines of JSON by a test. */
public final class Client {
    private static final BufferedReader LINES = new BufferedReader(new InputStreamReader(System.in));

    private Client() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> asked = hear();
        Issuer issuer = new Issuer((String) asked.get("issuer"));
        ClientID clientId = new ClientID((String) asked.get("clientId"));
        Secret secret = new Secret((String) asked.get("clientSecret"));
        URI redirectUri = URI.create((String) asked.get("redirectUri"));

        OIDCProviderMetadata provider = OIDCProviderMetadata.resolve(issuer);
        CodeVerifier verifier = new CodeVerifier();
        State state = new State();
        Nonce nonce = new Nonce();
        AuthenticationRequest request = new AuthenticationRequest.Builder(
                ResponseType.CODE, Scope.parse((String) asked.get("scope")), clientId, redirectUri)
            .endpointURI(provider.getAuthorizationEndpointURI())
            .state(state)
            .nonce(nonce)
            .codeChallenge(verifier, CodeChallengeMethod.S256)
            .build();
        say(Map.of("visit", request.toURI().toString()));

        URI callback = URI.create((String) hear().get("callback"));
        AuthenticationResponse response = AuthenticationResponseParser.parse(callback);
        if (!state.equals(response.getState()) || !issuer.equals(response.getIssuer())) {
            throw new IllegalStateException("not the answer to this request");
        }
        AuthorizationCode code = response.toSuccessResponse().getAuthorizationCode();
        ClientSecretBasic authentication = new ClientSecretBasic(clientId, secret);
        OIDCTokenResponse granted = tokens(new TokenRequest(
            provider.getTokenEndpointURI(), authentication, new AuthorizationCodeGrant(code, redirectUri, verifier)));
        IDTokenValidator validator = IDTokenValidator.create(
            provider, new OIDCClientInformation(clientId, clientMetadata()));
        JWT idToken = granted.getOIDCTokens().getIDToken();
        IDTokenClaimsSet claims = validator.validate(idToken, nonce);

        Tokens issued = granted.getTokens();
        AccessTokenValidator.validate( // which IDTokenValidator leaves to its caller
            issued.getAccessToken(), (JWSAlgorithm) idToken.getHeader().getAlgorithm(), claims.getAccessTokenHash());
        UserInfo userinfo = userinfo(provider, issued.getAccessToken());
        OIDCTokenResponse refreshed = tokens(new TokenRequest(
            provider.getTokenEndpointURI(), authentication, new RefreshTokenGrant(issued.getRefreshToken())));
        UserInfo again = userinfo(provider, refreshed.getTokens().getAccessToken());

        Map<String, Object> told = new HashMap<>();
        told.put("claims", claims.toJSONObject());
        told.put("userinfo", userinfo.toJSONObject());
        told.put("sameUserAfterRefresh", again.getSubject().equals(claims.getSubject()));
        told.put("rotated", !refreshed.getTokens().getRefreshToken().equals(issued.getRefreshToken()));
        int revoked = new TokenRevocationRequest(
            provider.getRevocationEndpointURI(), authentication, refreshed.getTokens().getRefreshToken())
            .toHTTPRequest().send().getStatusCode();
        told.put("revoked", revoked);
        say(told);
    }

    private static OIDCClientMetadata clientMetadata() {
        OIDCClientMetadata metadata =
            new OIDCClientMetadata();
        metadata.applyDefaults();
        return metadata;
    }

    private static UserInfo userinfo(OIDCProviderMetadata provider, AccessToken token) throws Exception {
        return UserInfoResponse.parse(
            new UserInfoRequest(provider.getUserInfoEndpointURI(), token).toHTTPRequest().send())
            .toSuccessResponse().getUserInfo();
    }

    private static OIDCTokenResponse tokens(TokenRequest request) throws Exception {
        var response = OIDCTokenResponseParser.parse(request.toHTTPRequest().send());
        if (!response.indicatesSuccess()) {
            throw new IllegalStateException(response.toErrorResponse().getErrorObject().toString());
        }
        return (OIDCTokenResponse) response.toSuccessResponse();
    }

    private static Map<String, Object> hear() throws Exception {
        return JSONObjectUtils.parse(LINES.readLine());
    }

    private static void say(Map<String, Object> value) {
        System.out.println(new JSONObject(value).toJSONString());
        System.out.flush();
    }
}
