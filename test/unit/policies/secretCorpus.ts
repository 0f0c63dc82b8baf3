/** Drawn by nobody, and of the right length; assembled here so that no scanner takes it for a leak. */
const letters = "aB3dE6gH".repeat(8);

function lines(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim());
}

/** `NAME=value` of environment variables that hold a secret. */
export const secretVariables = [
  ...lines(`
    PASSWORD=hunter2
    DB_PASSWORD=1234
    POSTGRES_PASSWORD=changeme
    MYSQL_ROOT_PASSWORD=root
    PGPASSWORD=pg
    REDIS_PASSWORD=!x%y
    DB_PASSWD=x1
    KAFKA_SASL_PASSWORD=x1
    MLFLOW_TRACKING_PASSWORD=x1
    MLFLOW_TRACKING_TOKEN=abc
    MYSQL_PWD=root
    SSH_PASSPHRASE=correct horse
    dbPassword=hunter2
    spring.datasource.password=hunter2
    GF_SECURITY_ADMIN_PASSWORD=admin
    AIRFLOW__SMTP__SMTP_PASSWORD=mail
    SECRET=s3
    CLIENT_SECRET=abc
    AZURE_CLIENT_SECRET=abc~def
    OAUTH_CLIENT_SECRET=abc
    JWT_SECRET=abc
    NEXTAUTH_SECRET=abc
    clientSecret=abc
    SECRET_KEY=django-insecure-1
    DJANGO_SECRET_KEY=x
    SECRET_KEY_BASE=abc
    secretKey=x
    AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
    AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
    AWS_SESSION_TOKEN=abc
    AZURE_STORAGE_KEY=abc
    AZURE_STORAGE_ACCOUNT_KEY=abc
    AZURE_STORAGE_CONNECTION_STRING=UseDevelopmentStorage
    APPLICATIONINSIGHTS_CONNECTION_STRING=InstrumentationKey=0
    AZURE_STORAGE_SAS=sv=2026
    AZURE_STORAGE_SAS_TOKEN=sv=2026
    OPENAI_API_KEY=abc
    ANTHROPIC_API_KEY=abc
    WANDB_API_KEY=abc
    apiKey=abc
    APIKEY=abc
    X-API-KEY=abc
    HF_TOKEN=abc
    GITHUB_TOKEN=abc
    INFLUX_TOKEN=abc
    INFLUXDB_ADMIN_TOKEN=abc
    FRONTEND_TOKEN=abc
    BACKEND_TOKEN=abc
    ACCESS_TOKEN=abc
    accessToken=abc
    AUTHTOKEN=abc
    BEARER_TOKEN=abc
    SLACK_TOKEN=abc
    FLUENTD_SHARED_KEY=abc
    AIRFLOW__CORE__FERNET_KEY=abc
    ENCRYPTION_KEY=abc
    SIGNING_KEY=abc
    MLFLOW_MASTER_KEY=abc
    SUBSCRIPTION_KEY=abc
    PRIVATE_KEY=abc
    DATABASE_URL=postgres://ml:hunter2@db:5432/ml
    CELERY_BROKER_URL=amqp://guest:guest@rabbit:5672
    REDIS_URL=redis://:hunter2@cache:6379/0
    MONGO_URL=mongodb+srv://ml:hunter2@c.example.net/ml
    SQL=Server=tcp:db.example.net;User ID=ml;Password=hunter2;
    BLOBS=https://a.blob.example.net/c?sp=r&sig=abcdefghijklmnopqrstuvwx%3D
  `),
  `COSMOS_KEY=${letters}`,
  `SERVICEBUS=Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=${letters}=`,
  `STORAGE=DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${letters}==;EndpointSuffix=example.net`,
  `MODEL=sk-proj-${letters}`,
  `SESSION=eyJ${letters}.eyJ${letters}.${letters}`,
];

/** `NAME=value` of environment variables that hold none. */
export const plainVariables = lines(`
  EOS_TOKEN=</s>
  EOS_TOKEN=eos
  BOS_TOKEN=<s>
  PAD_TOKEN=[PAD]
  UNK_TOKEN=unk
  SEP_TOKEN=sep
  CLS_TOKEN=cls
  MASK_TOKEN=mask
  STOP_TOKEN=stop
  MAX_TOKEN=512
  MAX_TOKENS=512
  max_token=512
  maxToken=512
  MIN_TOKEN=1
  NUM_TOKEN=3
  TOKENIZER=bert
  TOKENIZERS_PARALLELISM=false
  TOKEN_URL=https://login.example.com/token
  TOKEN_LIMIT=4096
  SPECIAL_TOKEN=special
  end_of_text_token_id=50256
  BEGIN_TOKEN=begin
  TOKEN_BUCKET_SIZE=10
  SECRETARIAT=horse
  PASSWORDLESS=yes
  KEY_COLUMN=id
  PASSWORD_FILE=/run/secrets/password
  DB_PASSWORD_FILE=/run/secrets/password
  DB_PASSWORD=$(FROM_SECRET)
  DB_PASSWORD=
  PASSWORD_MIN_LENGTH=12
  PASSWORD_POLICY=strict
  REQUIRE_PASSWORD=true
  USE_TOKEN=false
  SECRET_NAME=grafana-admin
  AWS_SECRET_NAME=ml/db
  SECRETS_PATH=/run/secrets
  SECRET=/run/secrets/app
  PWD=/app
  OLDPWD=/
  PUBLIC_KEY=ssh-ed25519
  PRIMARY_KEY=customer_id
  PARTITION_KEY=region
  SORT_KEY=date
  CACHE_KEY=features-v2-2026-11-24
  FOREIGN_KEY=order_id
  GROUP_KEY=model
  KEY=value
  LABEL_KEY=app.kubernetes.io/name
  KEYS=a,b
  KEYBOARD=us
  MONKEY=1
  TURKEY=istanbul
  AWS_REGION=eu-central-1
  AZURE_CLIENT_ID=11111111-2222-3333-4444-555555555555
  AZURE_TENANT_ID=11111111-2222-3333-4444-555555555555
  GRAFANA_URL=https://grafana.example.com
  DATABASE_URL=postgres://ml:$(DB_PASSWORD)@db:5432/ml
  DATABASE_URL=postgres://db:5432/ml
  REDIS_URL=redis://cache:6379/0
  IMAGE=ghcr.io/example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  GIT_COMMIT=0123456789abcdef0123456789abcdef01234567
  MODEL_ID=sk-learn-model
  OTEL_RESOURCE_ATTRIBUTES=team=ml,model=churn
  EMAIL=a:b@example.com
  MOTTO=the token of a user is a secret
  DSN=https://public@errors.example.com/1
`);

/** Arguments, separated by blanks, that hold a secret. */
export const secretLines = lines(`
  --password hunter2
  --password=hunter2
  -password hunter2
  --db-password hunter2
  --token abc123
  --api-key abc123
  --api_key=abc123
  --secret-key abc123
  --secret-access-key abc123
  --account-key abc123
  --connection-string Server=x
  --url postgres://ml:hunter2@db/ml
  --client-secret=abc123
  --header X-Api-Key:abc123
  -Dspring.datasource.password=hunter2
  run --verbose --password hunter2 --port 80
`);

export const plainLines = lines(`
  --password-file /run/secrets/password
  --password $(PASSWORD)
  --password $PASSWORD
  --token $(cat /run/secrets/token)
  --token-file token
  --max-token 512
  --max-tokens 512
  --eos-token end
  --pad-token=pad
  --tokenizer bert
  --password --verbose
  --password-stdin
  --primary-key id
  --key value
  --secret-name db
  --url postgres://ml:$(PW)@db/ml
`);

/** Lines of configuration files that hold a secret. */
export const secretSettings = lines(`
  password = "hunter2"
  password: hunter2
  smtp_auth_password: hunter2
  shared_key "abc"
  {"api_key":"x1"}
  {"dbPassword": "x1"}
  secret_key = abc
  aws_secret_access_key = abc
  client_secret: 'abc'
  Server=db;Uid=ml;Pwd=hunter2;
  AccountName=a;AccountKey=abc==
  url = "postgres://ml:hunter2@db/ml"
  -----BEGIN RSA PRIVATE KEY-----
  -----BEGIN OPENSSH PRIVATE KEY-----
  key: AKIAIOSFODNN7EXAMPLE
  export DB_PASSWORD=hunter2
`);

export const plainSettings = lines(`
  password: $__file{/run/secrets/password}
  token = "\${INFLUX_TOKEN}"
  shared_key "#{ENV['FLUENTD_SHARED_KEY']}"
  smtp_auth_password_file: /run/secrets/password
  "passwordVariable": "INFLUXDB_GRAFANA_PASSWORD"
  eos_token: end
  "max_token": 512
  pad_token = "[PAD]"
  the token of a user
  secret:
  token: ""
  password: null
  partition_key: region
  url = "http://$user:$password@influxdb:8086"
  url = "http://influxdb:8086"
  token = os.environ["TOKEN"]
  %(password)s
`);
