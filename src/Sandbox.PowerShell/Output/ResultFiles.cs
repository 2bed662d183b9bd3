using System.Globalization;
using System.Text;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Saves image results as files without overwriting.</summary>
/// <param name="directory">The directory; null saves nothing.</param>
internal sealed class ResultFiles(string? directory)
{
    private static readonly (string MediaType, string Extension, bool IsText)[] Kinds =
        [("image/png", "png", false), ("image/jpeg", "jpg", false), ("image/svg+xml", "svg", true)];

    private int _number;

    /// <summary>Keeps a result's images.</summary>
    /// <returns>The files; none where nothing is kept.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access is denied.</exception>
    public string[] Save(CodeResult result)
    {
        if (directory is null || Images(result).ToArray() is not { Length: > 0 } images)
        {
            return [];
        }

        // The files of one result share a number.
        Directory.CreateDirectory(directory);
        do
        {
            _number++;
        }
        while (Kinds.Any(kind => File.Exists(PathOf(kind.Extension))));
        foreach ((string extension, byte[] content) in images)
        {
            using FileStream file = new(PathOf(extension), FileMode.CreateNew);
            file.Write(content);
        }

        return [.. images.Select(image => PathOf(image.Extension))];
    }

    private string PathOf(string extension) => Path.Combine(directory!, string.Create(CultureInfo.InvariantCulture, $"result-{_number}.{extension}"));

    private static IEnumerable<(string Extension, byte[] Content)> Images(CodeResult result)
    {
        foreach ((string type, string extension, bool isText) in Kinds)
        {
            if (result.Data.TryGetValue(type, out JsonElement value) && value.ValueKind == JsonValueKind.String)
            {
                string text = value.GetString()!;
                byte[] content = isText ? Encoding.UTF8.GetBytes(text) : new byte[text.Length];
                int length = content.Length;
                if (isText || Convert.TryFromBase64String(text, content, out length))
                {
                    yield return (extension, content[..length]);
                }
            }
        }
    }
}
