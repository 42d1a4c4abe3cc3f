/* Downloads a file exactly, through any number of breaks: resume URL FILE. To build it: cc -o resume resume.c -lcurl */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static CURL *curl;
static char part[4096], tag_file[4096], tag[1024];
static long long have, total;
static FILE *out;

static long long size(void) {
  struct stat status;
  return stat(part, &status) == 0 ? (long long)status.st_size : 0;
}

static const char *field(const char *name) {
  struct curl_header *header;
  return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : "";
}

static void save(const char *path, const char *text) {
  FILE *file = fopen(path, "wb");
  if (file != NULL) fputs(text, file), fclose(file);
}

/* Checks the head of a 200 or 206, and opens the part for its bytes. Returns whether they are wanted. */
static int begin(void) {
  long long start = 0;
  const char *now = field("ETag"), *range = field("Content-Range");
  if (range[0] == '\0' && sscanf(field("Content-Length"), "%lld", &total) != 1) return 0;
  if (range[0] != '\0' && sscanf(range, "bytes %lld-%*d/%lld", &start, &total) != 2) return 0;
  if (start != 0 && (start != have || strcmp(now, tag) != 0)) {
    remove(part); /* not the rest of what is here, so the next request begins again */
    return 0;
  }
  out = fopen(part, start == 0 ? "wb" : "ab");
  if (start == 0) save(tag_file, now[0] == '"' && strlen(now) < sizeof tag ? now : ""); /* a weak tag names no bytes */
  return out != NULL;
}

static size_t on_body(char *bytes, size_t length, size_t count, void *context) {
  (void)context;
  return out != NULL || begin() ? fwrite(bytes, length, count, out) : 0;
}

/* Sends one request, and keeps the bytes of its response. Returns 1 if the part is the whole file, -1 to give up. */
static int attempt(const char *url) {
  char range[64], condition[1100];
  FILE *file = fopen(tag_file, "rb");
  tag[file == NULL ? 0 : fread(tag, 1, sizeof tag - 1, file)] = '\0';
  if (file != NULL) fclose(file);
  have = tag[0] == '\0' ? 0 : size();
  snprintf(range, sizeof range, "Range: bytes=%lld-", have);
  snprintf(condition, sizeof condition, "If-Range: %s", tag);
  struct curl_slist *fields = curl_slist_append(NULL, range);
  /* With If-Range, the response is the rest of this version, or else the whole of the current one. */
  if (have > 0) fields = curl_slist_append(fields, condition);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
  out = NULL;
  CURLcode code = curl_easy_perform(curl);
  int is_open = out != NULL || (code == CURLE_OK && begin()); /* a file without bytes has no call of on_body */
  if (is_open && fclose(out) != 0) return -1;
  curl_slist_free_all(fields);
  if (code == CURLE_OK) return is_open && size() == total;
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  fprintf(stderr, "status %ld, %lld bytes, then %s\n", status, size(), curl_easy_strerror(code));
  if (status != 416) return status >= 400 && status < 500 ? -1 : 0;
  save(part, ""); /* the file has no bytes, or is shorter than the part, which begins again */
  return strcmp(field("Content-Range"), "bytes */0") == 0;
}

int main(int count, char **arguments) {
  if (count != 3 || (curl = curl_easy_init()) == NULL) return 2;
  snprintf(part, sizeof part, "%s.part", arguments[2]);
  snprintf(tag_file, sizeof tag_file, "%s.tag", arguments[2]);
  for (int failures = 0, is_whole = 0; failures < 10; usleep(failures * 500000)) {
    long long before = size();
    is_whole = attempt(arguments[1]);
    if (is_whole > 0 && rename(part, arguments[2]) == 0) return remove(tag_file), 0;
    if (is_whole != 0) return 1;
    failures = size() > before ? 0 : failures + 1;
  }
  fprintf(stderr, "gave up after 10 failures in a row; the next start goes on\n");
  return 1;
}
