using System.Globalization;

namespace Sandbox.Benchmarks;

/// <summary>Command line options.</summary>
internal sealed record Options
{
    public const string Help = """
        Measures sandboxes beside what this machine could do at best, in one run, and prints one table.

          --only NAME      one family of figures; may be given many times
          --list           the families' names
          --quick          fewer repetitions and smaller sizes: to see that it works, not how fast it is
          --json FILE      the figures also as JSON
          --soak MINUTES   instead: 32 sessions of mixed commands under faults, every byte checked; fails at the first wrong one
          --seed NUMBER    the soak's random numbers, to repeat one

        It starts a server of its own in a home of its own, and leaves nothing behind. Memory is read as root only.
        """;

    /// <summary>Gets the selected families; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Gets whether fewer repetitions are enough.</summary>
    public bool Quick { get; init; }

    /// <summary>Gets the path of the JSON report.</summary>
    public string? Json { get; init; }

    /// <summary>Gets the duration of the soak test; null for measurements.</summary>
    public TimeSpan? Soak { get; init; }

    /// <summary>Gets the seed of the random numbers of the soak test.</summary>
    public int Seed { get; init; } = Random.Shared.Next(1_000_000);

    public bool WantsHelp { get; init; }

    /// <summary>Gets whether to print the names of the families only.</summary>
    public bool WantsList { get; init; }

    /// <exception cref="ArgumentException">An option is unknown or its value is invalid.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        Options options = new();
        Queue<string> rest = new(arguments);
        while (rest.TryDequeue(out string? argument))
        {
            options = argument switch
            {
                "--only" => options with { Only = [.. options.Only, Value(argument)] },
                "--quick" => options with { Quick = true },
                "--json" => options with { Json = Path.GetFullPath(Value(argument)) },
                "--soak" => options with { Soak = TimeSpan.FromMinutes(Number(argument)) },
                "--seed" => options with { Seed = (int)Number(argument) },
                "--list" => options with { WantsList = true },
                "--help" or "-h" => options with { WantsHelp = true },
                _ => throw new ArgumentException($"'{argument}' is not known. Try --help."),
            };
        }

        return options;

        string Value(string name) => rest.TryDequeue(out string? value) ? value : throw new ArgumentException($"{name} wants a value.");

        double Number(string name) => double.TryParse(Value(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0
            ? value
            : throw new ArgumentException($"{name} wants a number.");
    }
}
