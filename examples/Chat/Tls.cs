using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chat;

/// <summary>TLS among strangers. Each has a certificate of its own making, and its invitation contains the certificate's fingerprint.</summary>
static class Tls
{
    public static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=chat", key, HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null); // on Windows, SslStream needs the key in this form
    }

    /// <summary>SHA-256 over the certificate, in lower-case hexadecimal digits.</summary>
    public static string Fingerprint(X509Certificate certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));

    /// <summary>The end that dialled. It goes on only if the peer has the very key of the invitation.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The peer has another key.</exception>
    public static async Task<(Stream, string?)> ConnectAsync(Stream stream, X509Certificate2 own, string pinned, CancellationToken cancellationToken)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(new()
        {
            TargetHost = "chat",
            ClientCertificates = [own],
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && Fingerprint(certificate) == pinned,
        }, cancellationToken);
        return (tls, pinned);
    }

    /// <summary>The end that was dialled. It accepts any key; later the key must match the invitation that the peer sends.</summary>
    public static async Task<(Stream, string?)> AcceptAsync(Stream stream, X509Certificate2 own, CancellationToken cancellationToken)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(new()
        {
            ServerCertificate = own,
            ClientCertificateRequired = true,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        }, cancellationToken);
        return (tls, Fingerprint(tls.RemoteCertificate!));
    }
}
