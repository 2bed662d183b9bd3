using System.Management.Automation.Runspaces;
using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Client;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Families;

/// <summary>File transfer into and out of a sandbox, compared with <c>cp</c> and a bare socket.</summary>
internal sealed class FileFamily : IFamily
{
    private const int LargeMegabytes = 500;
    private const int SmallFiles = 10_000;

    // A file system in memory on both sides, so that no disk is measured.
    private const string InMemory = "/dev/shm";

    public string Name => "files";

    public async Task RunAsync(BenchmarkContext bench)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        string here = Directory.CreateDirectory($"{InMemory}/sbm{Random.Shared.Next(0x1000000):x}").FullName;
        try
        {
            await TransferAsync(bench, sandbox, here);
            await ReadMegabyteAsync(bench, sandbox);
            await CopyManyAsync(bench, sandbox, here);
            await ListAsync(bench, sandbox);
        }
        finally
        {
            FileTree.Remove(here);
        }
    }

    private async Task TransferAsync(BenchmarkContext bench, BenchmarkSandbox sandbox, string here)
    {
        int megabytes = bench.Quick ? LargeMegabytes / 10 : LargeMegabytes;
        string large = $"{here}/large";
        await WriteAsync(large, megabytes, bench.Stop);
        bool isRoot = CurrentProcess.EffectiveUserId == 0;
        int[] processes = isRoot ? [sandbox.AgentProcess(), bench.Server.ProcessId, Environment.ProcessId] : [];
        int count = bench.Count(20);
        double? before = null;
        foreach ((string name, Func<Task> transfer) in new (string, Func<Task>)[]
        {
            ("upload", () => UploadAsync(bench, sandbox, large)),
            ("download", () => DownloadAsync(bench, sandbox, $"{here}/back")),
        })
        {
            (Series work, Series socket) = await Sampler.InTurnsAsync(count, transfer, () => SocketFloor.CopyAsync(large, $"{here}/copy"));
            (Series again, Series cp) = await Sampler.InTurnsAsync(count, transfer, () => Programs.RunAsync("/bin/cp", large, $"{here}/copy"));
            before ??= Resources.MemoryOf(processes);
            AddRate(work, socket, "over a bare socket");
            AddRate(again, cp, "cp");

            void AddRate(Series times, Series floor, string floorName)
            {
                double rate = megabytes * 1000 / times.Median;
                bench.Add(new(Name, $"{name} of {megabytes} MB", rate, "MB/s")
                {
                    Floor = megabytes * 1000 / floor.Median,
                    FloorName = floorName,
                    MoreIsBetter = true,
                    Goal = Goal.AtLeast(rate, 400, "MB/s"),
                });
            }
        }

        if (isRoot)
        {
            double growth = Resources.MemoryOf(processes) - before!.Value;
            bench.Add(new(
                Name, $"memory that {count * 2} downloads left in agent, server and client", growth, "MiB") { Goal = Goal.AtMost(growth, 16, "MiB", "flat") });
        }
    }

    private static async Task UploadAsync(BenchmarkContext bench, BenchmarkSandbox sandbox, string from)
    {
        await using Stream source = LocalFile.OpenRead(from, new TransferProgress());
        await bench.Client.Sandbox(sandbox.Id).Item(InMemory + "/large").WriteAsync(source, new WriteOptions(), bench.Stop);
    }

    private static async Task DownloadAsync(BenchmarkContext bench, BenchmarkSandbox sandbox, string to)
    {
        SandboxFileStream source = await bench.Client.Sandbox(sandbox.Id).Item(InMemory + "/large").OpenAsync(0, null, bench.Stop);
        await LocalFile.WriteAsync(to, source, mode: null, modified: null, bench.Stop);
    }

    private async Task ReadMegabyteAsync(BenchmarkContext bench, BenchmarkSandbox sandbox)
    {
        byte[] content = new byte[1_000_000];
        Random.Shared.NextBytes(content);
        string path = InMemory + "/megabyte";
        await bench.Client.Sandbox(sandbox.Id).Item(path).WriteAsync(new MemoryStream(content), new WriteOptions(), bench.Stop);
        Series read = new(await Sampler.ManyAsync(bench.Count(1000), async () =>
        {
            await using SandboxFileStream file = await bench.Client.Sandbox(sandbox.Id).Item(path).OpenAsync(0, null, bench.Stop);
            await file.ReadExactlyAsync(content, bench.Stop);
        }));
        bench.Add(new(Name, "read of 1 MB", read.Median, "ms") { Goal = Goal.AtMost(read.Median, 2, "ms") });
    }

    private async Task CopyManyAsync(BenchmarkContext bench, BenchmarkSandbox sandbox, string here)
    {
        int files = bench.Count(SmallFiles);
        for (int i = 0; i < files; i++)
        {
            string directory = $"{here}/many/{i % 100}";
            Directory.CreateDirectory(directory);
            await File.WriteAllBytesAsync($"{directory}/{i}", new byte[1024], bench.Stop);
        }

        using Runspace runspace = EngineFamily.Open(bench.Server);
        int turn = 0;
        (Series work, Series cp) = await Sampler.InTurnsAsync(
            8, () => Run($"Copy-SandboxItem {here}/many {InMemory}/many{++turn} -ToSandbox {sandbox.Id} -Recurse"), () =>
            Programs.RunAsync("/bin/cp", "-r", $"{here}/many", $"{here}/copy{++turn}"));
        Add("into a sandbox", work, cp);
        (work, cp) = await Sampler.InTurnsAsync(8, () => Run($"Copy-SandboxItem {InMemory}/many1 {here}/back{++turn} -FromSandbox {sandbox.Id} -Recurse"),
            () => Programs.RunAsync("/bin/cp", "-r", $"{here}/many", $"{here}/copy{++turn}"));
        Add("out of a sandbox", work, cp);

        Task Run(string script)
        {
            EngineFamily.Run(runspace, script);
            return Task.CompletedTask;
        }

        void Add(string where, Series times, Series floor)
        {
            double rate = files * 1000 / times.Median;
            bench.Add(new(Name, $"files of 1 KB by Copy-SandboxItem -Recurse, {where}", rate, "1/s")
            {
                Floor = files * 1000 / floor.Median,
                FloorName = "cp -r",
                MoreIsBetter = true,
                Goal = Goal.AtLeast(rate, 3000, "1/s"),
            });
        }
    }

    private async Task ListAsync(BenchmarkContext bench, BenchmarkSandbox sandbox)
    {
        string path = InMemory + "/listed";
        CommandClient shell = new(bench.Client, sandbox.Id, null);
        await shell.RunAsync($"mkdir {path}; cd {path}; touch $(seq 10000)", bench.Stop);
        Series list = new(await Sampler.ManyAsync(bench.Count(100), async () =>
        {
            int count = 0;
            await foreach (FileEntry _ in bench.Client.Sandbox(sandbox.Id).Item(path).ListAsync(new ListOptions(), bench.Stop))
            {
                count++;
            }

            if (count != 10_000)
            {
                throw new InvalidOperationException($"{count} entries came of 10000.");
            }
        }));
        bench.Add(new(Name, "list of 10,000 entries", list.Median, "ms") { Goal = Goal.AtMost(list.Median, 50, "ms") });
    }

    private static async Task WriteAsync(string path, int megabytes, CancellationToken cancellationToken)
    {
        byte[] piece = new byte[1_000_000];
        Random.Shared.NextBytes(piece);
        await using FileStream file = File.Create(path);
        for (int i = 0; i < megabytes; i++)
        {
            await file.WriteAsync(piece, cancellationToken);
        }
    }
}
