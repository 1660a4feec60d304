# The server's image: the same launcher as `npm start`, with DATABASE_URL set; the web app is built here, once.
FROM node:24-bookworm-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node -e "import('./scripts/launch/web.mjs').then((web) => web.ensureWeb('/app', process.execPath, console.log))" \
 && install -d -o node -g node /data
USER node
ENV HOST=0.0.0.0 PORT=5000 TIDEMARK_DATA=/data NODE_ENV=production
EXPOSE 5000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD node -e "fetch('http://127.0.0.1:5000/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
CMD ["node", "scripts/start.mjs"]
