using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;

/// <summary>Downloads a file exactly, through any number of breaks: Resume URL FILE</summary>
static class Resume
{
    static readonly HttpClient Client = new HttpClient { Timeout = TimeSpan.FromHours(1) };

    static void Main(string[] args)
    {
        string part = args[1] + ".part", tagFile = args[1] + ".tag";
        for (int failures = 0; failures < 10; Thread.Sleep(failures * 500))
        {
            long before = Size(part);
            try
            {
                if (Attempt(args[0], part, tagFile))
                {
                    File.Delete(args[1]);
                    File.Move(part, args[1]);
                    File.Delete(tagFile);
                    return;
                }
            }
            catch (Exception error) when (!(error is InvalidOperationException))
            {
                Console.Error.WriteLine(Size(part) + " bytes, then " + error.GetBaseException().Message);
            }
            failures = Size(part) > before ? 0 : failures + 1;
        }
        throw new InvalidOperationException("gave up after 10 failures in a row; the next start goes on");
    }

    /// <summary>Sends one request, and keeps the bytes of its response. Returns whether the part is the whole file.</summary>
    static bool Attempt(string url, string part, string tagFile)
    {
        string tag = File.Exists(tagFile) ? File.ReadAllText(tagFile) : "";
        long have = tag == "" ? 0 : Size(part), start = 0;
        var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Range = new RangeHeaderValue(have, null);
        // With If-Range, the response is the rest of this version, or else the whole of the current one.
        if (have > 0) request.Headers.IfRange = new RangeConditionHeaderValue(EntityTagHeaderValue.Parse(tag));
        using (var response = Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).Result)
        {
            int status = (int)response.StatusCode;
            var now = response.Headers.ETag;
            var range = response.Content.Headers.ContentRange;
            long? total = status == 206 ? range?.Length : response.Content.Headers.ContentLength;
            if (status == 206) start = range?.From ?? -1;
            if (status == 416) File.WriteAllText(part, ""); // without bytes, or shorter than the part, which begins again
            if (status == 416) return range?.Length == 0;
            if (status >= 500) throw new HttpRequestException("status " + status);
            if (status > 206 || total == null) throw new InvalidOperationException(status + ", " + total + " bytes");
            if (start != 0 && (start != have || now?.ToString() != tag))
            {
                File.Delete(part); // not the rest of what is here, so the next request begins again
                return false;
            }
            if (start == 0) File.WriteAllText(part, "");
            if (start == 0) File.WriteAllText(tagFile, now?.IsWeak == false ? now.ToString() : ""); // a weak tag names no bytes
            using (var file = new FileStream(part, FileMode.Append)) response.Content.CopyToAsync(file).Wait();
            return Size(part) == total;
        }
    }

    static long Size(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;
}
