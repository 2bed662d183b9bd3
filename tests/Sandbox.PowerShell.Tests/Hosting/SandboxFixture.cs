namespace Sandbox.Tests;

/// <summary>Runspace and sandbox shared by the tests of one class, which run sequentially.</summary>
public sealed class SandboxFixture : IDisposable
{
    public SandboxFixture()
    {
        Id = $"t{Random.Shared.Next(0x10000000):x}";
        Box = Engine.Run("New-Sandbox $Id", ("Id", Id)).One;
        Engine.Run("", ("Box", Box));
    }

    /// <summary>Gets the runspace, in which <c>$Box</c> is the sandbox.</summary>
    public PowerShellEngine Engine { get; } = new();

    public string Id { get; }

    internal object Box { get; }

    public void Dispose()
    {
        Engine.Run("Get-Sandbox $Id | Remove-Sandbox");
        Engine.Dispose();
    }
}
