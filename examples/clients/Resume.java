import java.io.IOException;
import java.net.*;
import java.nio.file.*;
import java.util.regex.Pattern;

/** Downloads a file exactly, through any number of breaks: java Resume.java URL FILE */
class Resume {
    public static void main(String[] args) throws Exception {
        Path part = Path.of(args[1] + ".part"), tagFile = Path.of(args[1] + ".tag");
        for (int failures = 0; failures < 10; Thread.sleep(failures * 500)) {
            long before = size(part);
            try {
                if (attempt(args[0], part, tagFile)) {
                    Files.move(part, Path.of(args[1]), StandardCopyOption.REPLACE_EXISTING);
                    Files.deleteIfExists(tagFile);
                    return;
                }
            } catch (IOException error) {
                System.err.println(size(part) + " bytes, then " + error);
            }
            failures = size(part) > before ? 0 : failures + 1;
        }
        throw new IOException("gave up after 10 failures in a row; the next start goes on");
    }

    /** Sends one request, and keeps the bytes of its response. Returns whether the part is the whole file. */
    static boolean attempt(String url, Path part, Path tagFile) throws IOException {
        String tag = Files.exists(tagFile) ? Files.readString(tagFile) : "";
        long have = tag.isEmpty() ? 0 : size(part), start = 0;
        var connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        connection.setConnectTimeout(30_000);
        connection.setReadTimeout(30_000);
        connection.setRequestProperty("Range", "bytes=" + have + "-");
        // With If-Range, the response is the rest of this version, or else the whole of the current one.
        if (have > 0) connection.setRequestProperty("If-Range", tag);
        int status = connection.getResponseCode();
        long total = connection.getContentLengthLong();
        var now = String.valueOf(connection.getHeaderField("ETag"));
        var range = Pattern.compile("bytes (\\d+)-\\d+/(\\d+)").matcher("" + connection.getHeaderField("Content-Range"));
        if (status == 206) {
            start = range.matches() ? Long.parseLong(range.group(1)) : -1;
            total = range.matches() ? Long.parseLong(range.group(2)) : 0;
        } else if (status == 416) { // a file without bytes, or shorter than the part, which begins again
            Files.write(part, new byte[0]);
            return "bytes */0".equals(connection.getHeaderField("Content-Range"));
        } else if (status < 500 && (status != 200 || total < 0)) {
            throw new IllegalStateException("status " + status + " and " + total + " bytes");
        }
        try (var in = connection.getInputStream()) {
            if (start != 0 && (start != have || !now.equals(tag))) {
                Files.delete(part); // not the rest of what is here, so the next request begins again
                return false;
            } else if (start == 0) {
                Files.write(part, new byte[0]);
                Files.writeString(tagFile, now.startsWith("\"") ? now : ""); // a weak tag does not name bytes
            }
            try (var out = Files.newOutputStream(part, StandardOpenOption.APPEND)) {
                in.transferTo(out);
            }
        }
        return size(part) == total;
    }

    static long size(Path path) throws IOException {
        return Files.exists(path) ? Files.size(path) : 0;
    }
}
