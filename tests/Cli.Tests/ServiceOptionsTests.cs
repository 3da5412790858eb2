using System.CommandLine;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo setup --service</c>: what the arguments become, and which are refused.</summary>
public class ServiceOptionsTests
{
    [TestCase(TeredoService.Server, 3544, "--service", "server", "--", "--address", "192.0.2.1")]
    [TestCase(TeredoService.Server, 4000, "--service", "server", "--", "--address", "192.0.2.1", "--port", "4000")]
    [TestCase(TeredoService.Relay, null, "--service", "relay", "--", "--address", "192.0.2.1")]
    [TestCase(TeredoService.Relay, 3545, "--service", "relay", "--", "--address", "192.0.2.1", "--port", "3545")]
    [TestCase(TeredoService.Client, null, "--service", "client")]
    [TestCase(TeredoService.Client, 3546, "--service", "client", "--", "--client-port", "3546", "--server", "192.0.2.1")]
    public void PortOfTheCommand_IsThePortOfTheException(TeredoService service, int? port, params string[] line)
    {
        var options = Read(line)!;
        Assert.That((options.Service, options.UdpPort, options.Firewall), Is.EqualTo((service, port, LinuxFirewall.Auto)));
        Assert.That(options.Arguments, Is.EqualTo(line.Skip(3)));
        Assert.That(options.ProgramPath, Is.EqualTo(Environment.ProcessPath));
    }

    [TestCase("auto", LinuxFirewall.Auto)]
    [TestCase("firewalld", LinuxFirewall.Firewalld)]
    [TestCase("ufw", LinuxFirewall.Ufw)]
    [TestCase("nftables", LinuxFirewall.Nftables)]
    [TestCase("none", LinuxFirewall.None)]
    public void Firewall_IsChosen(string word, LinuxFirewall firewall) =>
        Assert.That(Read("--service", "client", "--firewall", word)!.Firewall, Is.EqualTo(firewall));

    [Test]
    public void App_IsTheProgramOfTheService() => Assert.That(Read("--service", "client", "--app", "/opt/teredo/teredo")!.ProgramPath, Is.EqualTo("/opt/teredo/teredo"));

    [TestCase("The arguments of teredo server, behind --, are not valid: Option '--address' is required.", "--service", "server")]
    [TestCase("'--address' is not a command, option or argument that is allowed here without --service.", "--app", "a", "--name", "b", "--", "--address")]
    [TestCase("--firewall is an option for Linux; expected --service as well.", "--app", "a", "--name", "b", "--firewall", "ufw")]
    public void WhatDoesNotFit_IsRefused(string sentence, params string[] line) =>
        Assert.That(() => Read(line), Throws.InstanceOf<BadArgumentsException>().With.Message.EqualTo(sentence));

    [Test]
    public void WithoutService_ThereIsNone() => Assert.That(Read("--app", "a", "--name", "b"), Is.Null);

    static TeredoServiceOptions? Read(params string[] line)
    {
        var (setup, service) = (new SetupOptions(), new ServiceOptions());
        var command = new RootCommand();
        setup.AddTo(command, isRemoval: false);
        service.AddTo(command, isRemoval: false);
        var arguments = command.Parse(line);
        Assert.That(arguments.Errors, Is.Empty);
        return service.Find(arguments) is { } found ? service.Read(arguments, found, setup.ReadProgram(arguments)) : null;
    }
}
