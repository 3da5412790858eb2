using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TeredoSdk.AspNetCore;
using TeredoSdk.Tests;

namespace TeredoSdk.Hosting.Tests;

/// <summary>What web applications do over Kestrel, over Teredo: HTTP/2, server-sent events, SignalR, gRPC.</summary>
public sealed class WebProtocolTests
{
    [Test]
    public async Task Http2_CarriesManyRequestsAtOnce()
    {
        await using var lab = new Loopback();
        await using var app = await StartAsync(lab, HttpProtocols.Http2);
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(await lab.StartAsync()))
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => client.GetStringAsync($"{app.Urls.Single()}/twice/{i}"))).InTime();
        Assert.That(answers, Is.EqualTo(Enumerable.Range(0, 1000).Select(i => $"HTTP/2 {2 * i}")));
    }

    [Test]
    public async Task ServerSentEvents_ComeOneByOne()
    {
        await using var lab = new Loopback();
        await using var app = await StartAsync(lab);
        using var client = new HttpClient(new SocketsHttpHandler().UseTeredo(await lab.StartAsync()));
        var ticks = app.Services.GetRequiredService<SemaphoreSlim>();
        ticks.Release(); // the answer begins with the first event
        await using var body = await client.GetStreamAsync($"{app.Urls.Single()}/events").InTime();
        await using var events = SseParser.Create(body).EnumerateAsync().GetAsyncEnumerator();
        for (int i = 0; i < 3; i++) // the next one is sent when this one has come
        {
            Assert.That(await events.MoveNextAsync().InTime());
            Assert.That(events.Current.Data, Is.EqualTo($"{i}"));
            ticks.Release();
        }
    }

    [Test]
    public async Task SignalR_OverWebSockets_ReachesEveryClient()
    {
        await using var lab = new Loopback();
        await using var app = await StartAsync(lab);
        var node = await lab.StartAsync();
        List<HubConnection> clients = [];
        var heard = System.Threading.Channels.Channel.CreateUnbounded<string>();
        for (int i = 0; i < 5; i++)
        {
            var client = new HubConnectionBuilder().WithUrl($"{app.Urls.Single()}/chat", connection =>
            {
                connection.SkipNegotiation = true;
                connection.Transports = HttpTransportType.WebSockets;
                connection.WebSocketFactory = async (context, cancel) => await node.ConnectWebSocketAsync(context.Uri, cancellationToken: cancel);
            }).Build();
            client.On<string>("hear", text => heard.Writer.TryWrite(text));
            await client.StartAsync().InTime();
            clients.Add(client);
        }
        await clients[0].InvokeAsync("Say", "hello").InTime();
        foreach (var client in clients)
            Assert.That(await heard.Reader.ReadAsync().InTime(), Is.EqualTo($"WebSockets hello"));
        foreach (var client in clients)
            await client.DisposeAsync().InTime();
    }

    [Test]
    public async Task WebSocket_OfAFactory_ToNobody_FailsWithTheSentence()
    {
        await using var lab = new Loopback();
        var options = lab.Options;
        await using var services = new ServiceCollection().AddTeredo(o =>
            (o.Servers, o.AllowPrivateAddresses, o.Sockets) = (options.Servers, true, options.Sockets)).BuildServiceProvider();
        var e = Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(
            () => services.GetRequiredService<ITeredoSocketFactory>().ConnectWebSocketAsync(new("ws://peer.invalid/")).InTime())!;
        Assert.That((e.GetBaseException() as TeredoException ?? e.InnerException?.InnerException as TeredoException)?.Error,
            Is.EqualTo(TeredoError.HostNotResolved), e.ToString());
    }

    [Test]
    public async Task Grpc_CallsAndStreams()
    {
        await using var lab = new Loopback();
        await using var app = await StartAsync(lab, HttpProtocols.Http2);
        using var channel = GrpcChannel.ForAddress(app.Urls.Single(),
            new() { HttpHandler = new SocketsHttpHandler().UseTeredo(await lab.StartAsync()) });
        var invoker = channel.CreateCallInvoker();
        Assert.That(await invoker.AsyncUnaryCall(EchoBase.OnceMethod, null, default, "hello").ResponseAsync.InTime(), Is.EqualTo("hello"));
        using var talk = invoker.AsyncDuplexStreamingCall(EchoBase.TalkMethod, null, default);
        foreach (string word in (string[])["one", "two"])
        {
            await talk.RequestStream.WriteAsync(word).InTime();
            Assert.That(await talk.ResponseStream.MoveNext(default).InTime());
            Assert.That(talk.ResponseStream.Current, Is.EqualTo(word));
        }
        await talk.RequestStream.CompleteAsync().InTime();
        Assert.That(await talk.ResponseStream.MoveNext(default).InTime(), Is.False);
    }

    static async Task<WebApplication> StartAsync(Loopback lab, HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddTeredo(o => (o.Servers, o.AllowPrivateAddresses, o.Sockets) = (lab.Options.Servers, true, TeredoSockets.InProcess));
        builder.Services.AddSingleton(new SemaphoreSlim(0)).AddSignalR();
        builder.Services.AddGrpc();
        builder.WebHost.UseTeredo(8080, listen => listen.Protocols = protocols);
        var app = builder.Build();
        app.UseWebSockets();
        app.MapGet("/twice/{number}", (HttpContext context, int number) => $"{context.Request.Protocol} {2 * number}");
        app.MapGet("/events", (SemaphoreSlim ticks, CancellationToken ended) => TypedResults.ServerSentEvents(CountAsync(ticks, ended)));
        app.MapHub<Chat>("/chat");
        app.MapGrpcService<Echo>();
        await app.StartAsync().InTime();
        return app;
    }

    static async IAsyncEnumerable<int> CountAsync(SemaphoreSlim ticks, [EnumeratorCancellation] CancellationToken ended)
    {
        for (int i = 0; ; i++)
        {
            await ticks.WaitAsync(ended);
            yield return i;
        }
    }

    sealed class Chat : Hub
    {
        public Task Say(string text) =>
            Clients.All.SendAsync("hear", $"{Context.Features.Get<Microsoft.AspNetCore.Http.Connections.Features.IHttpTransportFeature>()!.TransportType} {text}");
    }

    sealed class Echo : EchoBase
    {
        public override Task<string> Once(string text, ServerCallContext context) => Task.FromResult(text);

        public override async Task Talk(IAsyncStreamReader<string> words, IServerStreamWriter<string> answers, ServerCallContext context)
        {
            while (await words.MoveNext())
                await answers.WriteAsync(words.Current);
        }
    }

    /// <summary>What is generated otherwise.</summary>
    [BindServiceMethod(typeof(EchoBase), nameof(Bind))]
    abstract class EchoBase
    {
        static readonly Marshaller<string> Text = Marshallers.StringMarshaller;

        public static readonly Method<string, string> OnceMethod = new(MethodType.Unary, "test.Echo", nameof(Once), Text, Text);
        public static readonly Method<string, string> TalkMethod = new(MethodType.DuplexStreaming, "test.Echo", nameof(Talk), Text, Text);

        public static void Bind(ServiceBinderBase binder, EchoBase? service)
        {
            binder.AddMethod(OnceMethod, (UnaryServerMethod<string, string>?)null);
            binder.AddMethod(TalkMethod, (DuplexStreamingServerMethod<string, string>?)null);
        }

        public abstract Task<string> Once(string text, ServerCallContext context);

        public abstract Task Talk(IAsyncStreamReader<string> words, IServerStreamWriter<string> answers, ServerCallContext context);
    }
}
