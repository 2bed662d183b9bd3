using System.Runtime.InteropServices;
using Sandbox.Protocol;

namespace Sandbox.Server.Tests;

/// <summary>Server and agent as framework-dependent programs, which run where nothing compiles them to native code.</summary>
public sealed class ManagedProgramTests
{
    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Framework_dependent_programs_have_no_diagnostic_socket(ServerUser user)
    {
        // By such a socket, code of the sandbox would load a profiler into the agent.
        await using TestServer server = TestServer.Prepare(user);
        server.Programs = Directory.CreateDirectory($"{server.Home}/programs").FullName;
        TestMachine.CopyManagedPrograms(server.Programs);
        string temporary = Directory.CreateDirectory($"{server.Home}/tmp").FullName;
        File.SetUnixFileMode(temporary, (UnixFileMode)0x3ff);
        server.Environment["TMPDIR"] = temporary;
        server.Environment["DOTNET_ROOT"] = Path.GetFullPath($"{RuntimeEnvironment.GetRuntimeDirectory()}../../..");
        ReadyMessage ready = await server.StartAsync();
        Assert.DoesNotContain(Directory.GetFiles(temporary), file => file.Contains($"-{ready.ProcessId}-", StringComparison.Ordinal));

        await server.CreateAsync("""{"id":"a","network":"none"}""");
        Assert.Equal("managed\n", (await server.ExecAsync("a", "grep -q sandbox-agent.dll /proc/2/cmdline && echo managed; ls -A /tmp")).Output);
        Assert.Equal("", (await server.ExecAsync("a", "env | grep ^DOTNET_")).Output);
    }
}
