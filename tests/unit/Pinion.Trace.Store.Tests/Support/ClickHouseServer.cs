using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Pinion.Trace.Store.Tests;

/// <summary>A ClickHouse server of our own: data in a temporary directory, HTTP on a port of the loopback interface, stopped and deleted at the end.</summary>
public sealed class ClickHouseServer : IDisposable
{
    private const string Program = "/usr/sbin/clickhouse-server";
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pinion-ch-");
    private readonly Process? _server;
    private readonly HttpClient _http = new();

    public ClickHouseServer()
    {
        if (!File.Exists(Program))
        {
            return;
        }

        Port = FreePort();
        string root = _directory.FullName;
        File.WriteAllText(Path.Combine(root, "config.xml"), $"""
            <yandex>
              <logger><level>warning</level><console>1</console></logger>
              <http_port>{Port}</http_port><listen_host>127.0.0.1</listen_host>
              <path>{root}/data/</path><tmp_path>{root}/tmp/</tmp_path><users_config>{root}/users.xml</users_config>
              <default_profile>default</default_profile><default_database>default</default_database><mark_cache_size>100000000</mark_cache_size>
            </yandex>
            """);
        File.WriteAllText(Path.Combine(root, "users.xml"), """
            <yandex>
              <profiles><default><allow_experimental_low_cardinality_type>1</allow_experimental_low_cardinality_type></default></profiles>
              <users><me><password>geheim</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></me></users>
              <quotas><default/></quotas>
            </yandex>
            """);
        _server = Process.Start(new ProcessStartInfo(Program, [$"--config-file={root}/config.xml"]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = root })!;
        _server.BeginErrorReadLine();
        _server.BeginOutputReadLine();
        var watch = Stopwatch.StartNew();
        while (!Answers() && !_server.HasExited && watch.Elapsed < TimeSpan.FromMinutes(1))
        {
            Thread.Sleep(50);
        }
    }

    public int Port { get; }

    /// <summary>The server's URL; the test is skipped where there is no ClickHouse.</summary>
    public string Url(string user = "me:geheim@")
    {
        Assert.SkipWhen(_server is null, "needs clickhouse-server: apt-get install clickhouse-server");
        return string.Create(CultureInfo.InvariantCulture, $"clickhouse:http://{user}127.0.0.1:{Port}/?database=default");
    }

    /// <summary>Runs a statement past our own code.</summary>
    public byte[] Ask(string statement)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{Port}/") { Content = new StringContent(statement) };
        request.Headers.Add("X-ClickHouse-User", "me");
        request.Headers.Add("X-ClickHouse-Key", "geheim");
        using HttpResponseMessage response = _http.Send(request);
        using var copy = new MemoryStream();
        response.Content.ReadAsStream().CopyTo(copy);
        response.IsSuccessStatusCode.ShouldBeTrue(System.Text.Encoding.UTF8.GetString(copy.ToArray()));
        return copy.ToArray();
    }

    /// <summary>A port that nobody listens at.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        if (_server is not null)
        {
            _server.Kill();
            _server.WaitForExit();
            _server.Dispose();
        }

        _http.Dispose();
        _directory.Delete(recursive: true);
    }

    private bool Answers()
    {
        try
        {
            return _http.GetAsync($"http://127.0.0.1:{Port}/ping").GetAwaiter().GetResult().IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
