using System.Diagnostics;
using Sandbox.Server.Engines.Bubblewrap;

namespace Sandbox.Server.Tests;

/// <summary>
/// Test network of two namespaces connected by a virtual cable: one for a server, one for the rest of the world, which answers on a public address,
/// on private addresses, on the address of metadata services, and for every name. Nothing leads outside.
/// </summary>
internal sealed class TestInternet : IDisposable
{
    public const string Public = "198.51.100.1";
    public const string ServerAddress = "198.51.100.2";
    public const int Port = 8080;

    /// <summary>Connection timeout. Only a connection that hangs reaches it: blocked addresses are refused at once.</summary>
    public static readonly int TimeoutSeconds = (int)Wait.Limit.TotalSeconds / 2;

    /// <summary>Other addresses of the world, which no sandbox may reach.</summary>
    public static readonly string[] Private = ["10.7.7.7", "172.20.0.1", "192.168.77.1", "100.64.0.1", "169.254.169.254", "168.63.129.16"];

    private const string Listener = """
        import socket, sys, threading
        def serve(address):
            s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind((address, 8080)); s.listen(50)
            while True:
                c, a = s.accept(); c.sendall(b"reached\n"); c.close()
        def echo(address):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((address, 8081))
            while True:
                d, a = s.recvfrom(512); s.sendto(b"reached\n", a)
        def names():
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[2], 53))
            while True:
                q, a = s.recvfrom(512)
                end = q.index(b"\0", 12) + 5
                v4 = q[end - 4:end - 2] == b"\0\1"
                record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton("198.51.100.1") if v4 else b""
                s.sendto(q[:2] + b"\x81\x80\0\1\0" + (b"\1" if v4 else b"\0") + b"\0\0\0\0" + q[12:end] + record, a)
        for target in [lambda: serve(sys.argv[1]), lambda: echo(sys.argv[1])] + ([names] if len(sys.argv) > 2 else []):
            threading.Thread(target=target, daemon=True).start()
        print("ready", flush=True)
        sys.stdin.read()
        """;

    private readonly List<Process> _processes = [];
    private readonly string _directory = TestMachine.NewDirectory(0);

    private TestInternet()
    {
    }

    private string _server = "";
    private string _world = "";

    /// <summary>Creates the namespaces. Servers in them must end before it is disposed.</summary>
    public static TestInternet Create()
    {
        TestInternet internet = new();
        try
        {
            internet.Build();
            return internet;
        }
        catch
        {
            internet.Dispose();
            throw;
        }
    }

    /// <summary>Prepares a server that will start in the server namespace.</summary>
    public TestServer Prepare(ServerUser user)
    {
        TestServer home = TestServer.Prepare(user);
        // A tun device that every user may use, as on most hosts, and a directory whose list of name servers can be replaced, visible to this server only.
        string surroundings = $"mount --bind {_directory}/tun /dev/net/tun && mount --bind {_directory}/etc /etc && exec \"$@\"";
        home.Launcher = ["nsenter", "--net=" + _server, "--", "unshare", "--mount", "sh", "-c", surroundings, "sh"];
        return home;
    }

    /// <summary>Skips the test where this machine cannot run it.</summary>
    public static void Require()
    {
        TestMachine.Require(TestMachine.CurrentUser);
        Assert.SkipUnless(TestMachine.IsRoot, "NOT TESTED: networks, since these tests do not run as root, who alone can build the test's network.");
        foreach (string program in (string[])["ip", "nft", "slirp4netns", "nsenter", "python3"])
        {
            Assert.SkipWhen(ExecutableLocator.Find(program) is null, $"NOT TESTED: networks, since {program} is not installed here.");
        }

        Assert.SkipUnless(File.Exists("/dev/net/tun"), "NOT TESTED: networks, since /dev/net/tun is not there.");
        Assert.SkipUnless(TryRun("unshare", "--net", "--mount", "true"), "NOT TESTED: networks, since this host makes no namespaces.");
    }

    /// <summary>Returns whether an address responds to a program in the namespace of the server.</summary>
    public bool Responds(string address) =>
        TryRun("nsenter", "--net=" + _server, "timeout", $"{TimeoutSeconds}", "bash", "-c", $"grep -q reached </dev/tcp/{address}/{Port}");

    /// <summary>Adds an address to the namespace of the server.</summary>
    public void AddServerAddress(string address) => Configure(_server, $"addr add {address}/32 dev cable");

    /// <summary>Replaces the list of name servers, as the services of a host do.</summary>
    public void SetNameServer(string address)
    {
        string list = $"{_directory}/etc/resolv.conf";
        File.WriteAllText($"{list}.new", $"nameserver {address}\n");
        File.Move($"{list}.new", list, overwrite: true);
    }

    public void Dispose()
    {
        // The namespaces end with their last process.
        foreach (Process process in _processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private void Build()
    {
        Run("cp", "--archive", "/etc", $"{_directory}/etc");
        SetNameServer(Private[0]);
        Run("mknod", "-m", "666", $"{_directory}/tun", "c", "10", "200");
        int serverSide = Start("unshare", "--net", "sh", "-c", "echo ready; exec cat");
        int worldSide = Start("unshare", "--net", "sh", "-c", "echo ready; exec cat");
        (_server, _world) = ($"/proc/{serverSide}/ns/net", $"/proc/{worldSide}/ns/net");
        Configure(_server, $"link add cable type veth peer name cable netns {worldSide}");
        foreach ((string side, string address) in new[] { (_server, ServerAddress), (_world, Public) })
        {
            Configure(side, $"addr add {address}/24 dev cable");
            Configure(side, "link set lo up");
            Configure(side, "link set cable up");
        }

        foreach (string address in Private)
        {
            Configure(_world, $"addr add {address}/32 dev lo");
        }

        Configure(_server, $"route add default via {Public}");
        Start("nsenter", "--net=" + _server, "python3", "-c", Listener, "0.0.0.0");
        Start("nsenter", "--net=" + _world, "python3", "-c", Listener, "0.0.0.0", Private[0]);
    }

    /// <summary>Starts a program that runs until its input ends, and waits for its ready message.</summary>
    private int Start(params string[] command)
    {
        Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        _processes.Add(process);
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        return process.Id;
    }

    private static void Configure(string side, string change) => Run(["nsenter", "--net=" + side, "ip", .. change.Split(' ')]);

    private static void Run(params string[] command) => Assert.True(TryRun(command), string.Join(' ', command));

    private static bool TryRun(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
