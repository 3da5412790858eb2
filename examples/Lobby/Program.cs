using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using TeredoSdk;

// A lobby: hosts publish their signed records, and others find them by name. See README.md.
var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = RendezvousRecord.MaxOctets);
var app = builder.Build();
var rendezvous = new MemoryRendezvous();

app.MapPut("/hosts/{name}", async (string name, HttpContext context) =>
{
    using var body = new MemoryStream();
    await context.Request.Body.CopyToAsync(body, context.RequestAborted);
    if (!RendezvousRecord.TryRead(body.ToArray(), out var record) || record.Name != name)
        return Results.Text("This is not a record that a host of that name has signed.", statusCode: StatusCodes.Status400BadRequest);
    var status = await rendezvous.PublishAsync(record, context.Connection.RemoteIpAddress, context.RequestAborted);
    return Results.Text(status.ToString(), statusCode: status switch
    {
        RendezvousStatus.Accepted => StatusCodes.Status200OK,
        RendezvousStatus.TooOften => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status409Conflict,
    });
});
app.MapGet("/hosts/{name}", async (string name, CancellationToken left) =>
    RendezvousRecord.IsName(name) && await rendezvous.FindAsync(name, left) is { } record ? Results.Bytes(record.ToArray()) : Results.NotFound());
app.Run();
