using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chat;

/// <summary>TLS among strangers: each has a certificate that it made itself, and is known by its fingerprint, which the invitation tells.</summary>
static class Tls
{
    public static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=chat", key, HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null); // SslStream wants the key in this form on Windows
    }

    /// <summary>SHA-256 over the certificate, in lower-case hexadecimal digits.</summary>
    public static string Fingerprint(X509Certificate certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.GetRawCertData()));

    /// <summary>The end that dialled: goes on only with the very key of the invitation.</summary>
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

    /// <summary>The end that was dialled: takes any key, which then has to be that of the invitation that the peer gives of itself.</summary>
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
