using Sandbox.Tests;

[assembly: AssemblyFixture(typeof(ServerFixture))]

namespace Sandbox.Tests;

/// <summary>The SANDBOX_HOME that all in-process tests share. The module starts the server itself.</summary>
public sealed class ServerFixture : IDisposable
{
    public ServerFixture() => Environment.SetEnvironmentVariable("SANDBOX_HOME", Home.Folder);

    public TestHome Home { get; } = new();

    public void Dispose() => Home.Dispose();
}
