# docker build -t papershelf .
# docker run -p 8000:8000 -v papershelf:/data papershelf
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/papershelf \
    && /opt/papershelf/bin/python -m pip install --no-cache-dir --require-hashes \
        --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY schema ./schema
COPY index ./index
COPY api ./api
RUN /opt/papershelf/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/papershelf/bin/python -m pip uninstall --yes pip

FROM python:3.12-slim
COPY --from=build /opt/papershelf /opt/papershelf
# A named volume takes owner and mode from this folder. The user needs no name, only a number.
RUN mkdir -m 0700 /data && chown 10001:10001 /data
ENV PATH=/opt/papershelf/bin:$PATH \
    PAPERSHELF_DATA=/data \
    PAPERSHELF_HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=1s \
    CMD ["python", "-c", "import http.client, os; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('PAPERSHELF_PORT', 8000)), timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["papershelf", "serve"]
