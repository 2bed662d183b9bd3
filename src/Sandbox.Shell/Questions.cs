using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace Sandbox.Shell;

/// <summary>What the engine asks a user: a choice to confirm, values of mandatory parameters, secrets.</summary>
internal sealed class Questions(LineEditor editor)
{
    /// <summary>Asks for a line.</summary>
    public string Line(string prompt) => editor.ReadAnswer(prompt) ?? throw new PipelineStoppedException();

    /// <summary>Asks for a text that is not shown.</summary>
    public static SecureString Secret(string prompt)
    {
        SecureString secret = new();
        bool isGiven = LineEditor.ReadHidden(prompt, typed =>
        {
            if (typed != '\b')
            {
                secret.AppendChar(typed);
            }
            else if (secret.Length > 0)
            {
                secret.RemoveAt(secret.Length - 1);
            }
        });
        return isGiven ? secret : throw new PipelineStoppedException();
    }

    /// <summary>Asks until one of the choices is named, by its letter or its word.</summary>
    public int Choice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        Console.Out.WriteLine($"{caption}\n{message}");
        (string Letter, string Word)[] named = [.. choices.Select(choice => Named(choice.Label))];
        string asked = string.Join("  ", named.Select(choice => $"[{choice.Letter}] {choice.Word}"));
        string otherwise = defaultChoice >= 0 ? $" (default is \"{named[defaultChoice].Letter}\")" : "";
        while (true)
        {
            string answer = Line($"{asked}  [?] Help{otherwise}: ").Trim();
            if (answer == "?")
            {
                Console.Out.WriteLine(string.Join('\n', choices.Select((choice, index) => $"{named[index].Letter} - {choice.HelpMessage}")));
            }

            if (answer.Length == 0 && defaultChoice >= 0)
            {
                return defaultChoice;
            }

            int index = Array.FindIndex(named, choice => Is(answer, choice.Letter) || Is(answer, choice.Word));
            if (index >= 0)
            {
                return index;
            }
        }
    }

    /// <summary>Asks for values: an array's until an empty one.</summary>
    public Dictionary<string, PSObject> Values(string caption, string message, Collection<FieldDescription> fields)
    {
        Console.Out.WriteLine($"{caption}\n{message}");
        return fields.ToDictionary(field => field.Name, field => new PSObject(Value(field)));
    }

    private static bool Is(string answer, string name) => string.Equals(answer, name, StringComparison.OrdinalIgnoreCase);

    // '&' stands before the letter that is enough.
    private static (string Letter, string Word) Named(string label)
    {
        int mark = label.IndexOf('&', StringComparison.Ordinal);
        string word = label.Replace("&", "", StringComparison.Ordinal);
        return (mark >= 0 && mark < word.Length ? word[mark..(mark + 1)].ToUpperInvariant() : word, word);
    }

    private object Value(FieldDescription field)
    {
        Type type = LanguagePrimitives.TryConvertTo(field.ParameterAssemblyFullName.Length > 0 ? field.ParameterTypeFullName : "string", out Type named) ? named : typeof(string);
        if (type == typeof(SecureString))
        {
            return Secret($"{field.Name}: ");
        }

        if (!type.IsArray)
        {
            return LanguagePrimitives.ConvertTo(Line($"{field.Name}: "), type, CultureInfo.InvariantCulture);
        }

        List<string> items = [];
        while (Line($"{field.Name}[{items.Count}]: ") is { Length: > 0 } item)
        {
            items.Add(item);
        }

        return LanguagePrimitives.ConvertTo(items, type, CultureInfo.InvariantCulture);
    }
}
